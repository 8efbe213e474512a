// An OPC UA server of node-opcua: node server.js PORT FOLDER; one JSON line a wish on stdin.
"use strict";
const readline = require("node:readline");
const path = require("node:path");
const { OPCUAServer, OPCUACertificateManager, Variant, DataType, StatusCodes, VariantArrayType,
    makeEUInformation } = require("node-opcua");

async function main(port, folder) {
    const serverCertificateManager = new OPCUACertificateManager({
        automaticallyAcceptUnknownCertificate: true, rootFolder: path.join(folder, "server"),
    });
    const userCertificateManager = new OPCUACertificateManager({
        automaticallyAcceptUnknownCertificate: true, rootFolder: path.join(folder, "users"),
    });
    const server = new OPCUAServer({
        port, host: "127.0.0.1", hostname: "127.0.0.1", resourcePath: "/",
        serverCertificateManager, userCertificateManager,
        serverInfo: { applicationUri: "urn:acme:node" },
        userManager: { isValidUser: (user, password) => user === "operator" && password === "right" },
        serverCapabilities: { operationLimits: { maxNodesPerRead: 7, maxMonitoredItemsPerCall: 5,
            maxNodesPerBrowse: 3 } },
    });
    await server.initialize();
    const space = server.engine.addressSpace;
    const own = space.getOwnNamespace();
    space.installAlarmsAndConditionsService();
    const line = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Line",
        nodeId: "s=Line", eventNotifier: 1, notifierOf: space.rootFolder.objects.server });
    const made = {};
    const add = (name, dataType, value, more = {}) => {
        made[name] = own.addVariable({ componentOf: line, browseName: name, nodeId: `s=Line.${name}`,
            dataType, minimumSamplingInterval: 10,
            accessLevel: "CurrentRead | CurrentWrite", userAccessLevel: "CurrentRead | CurrentWrite",
            ...more });
        made[name].setValueFromSource({ dataType, value, ...(more.variant || {}) });
    };
    add("Speed", DataType.Double, 12.5, { description: "bottles a minute" });
    add("Count", DataType.Int32, 7);
    add("Big", DataType.UInt64, [0, 9007199], { variant: { arrayType: VariantArrayType.Scalar } });
    add("Running", DataType.Boolean, true);
    add("Ratio", DataType.Float, 0.5);
    add("Batch", DataType.String, "B-1");
    add("When", DataType.DateTime, new Date("2026-01-02T03:04:05.678Z"));
    add("Name", DataType.LocalizedText, { text: "Füller", locale: "de" });
    add("Levels", DataType.Double, new Float64Array([1, 2, 3]),
        { valueRank: 1, variant: { arrayType: VariantArrayType.Array } });
    add("Fixed", DataType.Byte, 3, { accessLevel: "CurrentRead", userAccessLevel: "CurrentRead" });
    own.addAnalogDataItem({ componentOf: line, browseName: "Flow", nodeId: "s=Line.Flow",
        definition: "", dataType: "Double", engineeringUnitsRange: { low: 0, high: 10 },
        instrumentRange: { low: 0, high: 10 }, valuePrecision: 0.1,
        engineeringUnits: makeEUInformation("LTR", "l/h", "litre per hour"),
        value: new Variant({ dataType: DataType.Double, value: 4.5 }) });
    const tank = own.addObject({ componentOf: line, browseName: "Tank", nodeId: "s=Line.Tank",
        eventSourceOf: line });
    const level = own.addVariable({ componentOf: tank, browseName: "Level", nodeId: "s=Line.Tank.Level",
        dataType: "Double" });
    made.Level = level;
    level.setValueFromSource({ dataType: DataType.Double, value: 50 });
    const alarm = (browseName, more) => own.instantiateNonExclusiveLimitAlarm(
        "NonExclusiveLimitAlarmType", { browseName, conditionName: browseName, componentOf: tank,
            conditionSource: tank, inputNode: level, ...more });
    alarm("Overfull", { highLimit: 90, highHighLimit: 95 });
    alarm("Empty", { lowLimit: 10, lowLowLimit: 5 });
    await server.start();
    console.log(`ready ${own.index}`);
    const lines = readline.createInterface({ input: process.stdin });
    for await (const text of lines) {
        for (const [name, [value, type]] of Object.entries(JSON.parse(text))) {
            if (name === "stop") { await server.shutdown(0); process.exit(0); }
            if (type === "status") {
                made[name].setValueFromSource({ dataType: DataType.Double, value: 1 },
                    StatusCodes[value]);
            } else if (type === "burst") {
                for (let number = 0; number < value; number++) {
                    made[name].setValueFromSource({ dataType: DataType.Double, value: number });
                    await new Promise((done) => setTimeout(done, 30));
                }
            } else {
                made[name].setValueFromSource({ dataType: DataType[type], value });
            }
        }
        console.log("done");
    }
    process.exit(0);
}

main(Number(process.argv[2]), process.argv[3]).catch((error) => { console.error(error); process.exit(1); });
