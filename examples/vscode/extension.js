"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async function () {
  const command = vscode.workspace.getConfiguration("filterpatterns").get("command");
  client = new LanguageClient(
    "filterpatterns",
    "filterpatterns",
    { command, args: ["lsp"] },
    {
      documentSelector: ["json", "yaml", "terraform"].map((language) => ({ language })),
      synchronize: { configurationSection: "filterpatterns" },
    },
  );
  await client.start();
};

exports.deactivate = function () {
  return client?.stop();
};
