// An edge node on the npm package sparkplug-client: births with aliases, data on command.
// Arguments: broker URL, group, edge node, device. Each line on standard input is a command in JSON:
//   {"data": [metrics]} {"nodeData": [metrics]} {"deviceDeath": true} {"skip": 3} {"deaf": true}
"use strict";

const readline = require("node:readline");
const { newClient } = require("sparkplug-client");

const [serverUrl, groupId, edgeNode, device] = process.argv.slice(2);
const client = newClient({
  serverUrl, groupId, edgeNode,
  clientId: `${groupId}${edgeNode}`.replace(/[^A-Za-z0-9]/g, ""),
  username: null, password: null, publishDeath: true, version: "spBv1.0",
  mqttOptions: { reconnectPeriod: 200 },
});
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const now = () => Date.now();
let deaf = false;

const metrics = () => [
  { name: "Speed", alias: 1, type: "Double", value: 60.5, timestamp: now() },
  { name: "Count", alias: 2, type: "Int64", value: -5, timestamp: now() },
  { name: "Small", alias: 3, type: "Int8", value: -7, timestamp: now() },
  { name: "Running", alias: 4, type: "Boolean", value: true, timestamp: now() },
  { name: "Order/Name", alias: 5, type: "String", value: "cola", timestamp: now() },
  { name: "Big", alias: 6, type: "UInt32", value: 4000000000, timestamp: now() },
  { name: "Power", alias: 7, type: "Float", value: 1.5, timestamp: now() },
];
const birth = () => {
  client.publishNodeBirth({
    timestamp: now(),
    metrics: [
      { name: "Node Control/Rebirth", type: "Boolean", value: false, timestamp: now() },
      { name: "Uptime", alias: 100, type: "Int32", value: -1, timestamp: now() },
    ],
  });
  client.publishDeviceBirth(device, { timestamp: now(), metrics: metrics() });
  say({ born: true });
};

client.on("birth", birth);
client.on("error", (error) => say({ error: String(error) }));
client.on("ncmd", (payload) => {
  say({ ncmd: payload.metrics });
  if (!deaf && payload.metrics.some((one) => one.name === "Node Control/Rebirth" && one.value)) birth();
});
client.on("dcmd", (id, payload) => {
  say({ dcmd: payload.metrics.map((one) => ({ alias: Number(one.alias), value: one.value })) });
  const echoed = payload.metrics.map((one) => ({ ...one, timestamp: now() }));
  client.publishDeviceData(id, { timestamp: now(), metrics: echoed });
});

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  const stamped = (list) => list.map((one) => ({ timestamp: now(), ...one }));
  if (command.data) client.publishDeviceData(device, { timestamp: now(), metrics: stamped(command.data) });
  if (command.nodeData) client.publishNodeData({ timestamp: now(), metrics: stamped(command.nodeData) });
  if (command.deviceDeath) client.publishDeviceDeath(device, { timestamp: now(), metrics: [] });
  if (command.skip) client.seq = (client.seq + command.skip) % 256;
  if (command.deaf !== undefined) deaf = command.deaf;
  if (command.stop) client.stop();
});
