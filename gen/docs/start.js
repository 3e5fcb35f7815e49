"use strict";

// Renders reference.yaml: openapi.yaml with the links to the standards. It is a
// file of its own because the page allows no inline script.
(function () {
  var text = "system-ui, sans-serif";
  var options = {
    downloadUrls: [{ title: "openapi.yaml", url: "openapi.yaml" }],
    expandResponses: "200,201,303",
    jsonSamplesExpandLevel: "all",
    sanitize: true, // descriptions are Markdown, never HTML of ours
    theme: {
      // No fonts are loaded.
      typography: {
        fontFamily: text,
        headings: { fontFamily: text },
        code: { fontFamily: "ui-monospace, monospace", wrap: true },
      },
    },
  };
  var place = document.getElementById("reference");
  Redoc.init("reference.yaml", options, place, function (error) {
    if (!error) return;
    var p = document.createElement("p");
    p.className = "failed";
    p.textContent = "The reference could not be shown: " + error.message;
    place.replaceChildren(p);
  });
})();
