/* Draws the OpenAPI document. */
"use strict";

const page = document.getElementById("redoc");
Redoc.init(page.dataset.schema, { hideHostname: true, disableSearch: false }, page);
