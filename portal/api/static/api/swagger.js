/* Draws the OpenAPI document. A signed-in person's session counts; their changes carry the CSRF token. */
"use strict";

const page = document.getElementById("swagger");
const cookie = /(?:^|;\s*)(?:__Host-)?csrf=([^;]+)/;

SwaggerUIBundle({
  url: page.dataset.schema,
  domNode: page,
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const csrf = document.cookie.match(cookie);
    const own = new URL(request.url, window.location.href).origin === window.location.origin;
    if (csrf && own) request.headers["X-CSRFToken"] = csrf[1];
    return request;
  },
});
