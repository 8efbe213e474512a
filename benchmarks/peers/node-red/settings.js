// Node-RED without editor, without web server: it runs one flow file and nothing else.
module.exports = {
  flowFile: "flow.json",
  credentialSecret: false,
  httpAdminRoot: false,
  httpNodeRoot: false,
  httpStatic: false,
  uiHost: "127.0.0.1",
  disableEditor: true,
  editorTheme: { tours: false },
  externalModules: { autoInstall: false },
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false },
  runtimeState: { enabled: false },
  logging: { console: { level: "warn", metrics: false, audit: false } },
};
