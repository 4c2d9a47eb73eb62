package io.podtls.examples.embedded;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;

/** An answer that is no success, as a {@code Status} object. */
final class ApiException extends Exception {
  private static final long serialVersionUID = 1L;
  private static final String RESOURCE = "certificatesigningrequests.certificates.k8s.io";

  private final int code;
  private final String reason;
  private final String text;

  private ApiException(int code, String reason, String text) {
    super(text);
    this.code = code;
    this.reason = reason;
    this.text = text;
  }

  static ApiException unauthorized() {
    return new ApiException(401, "Unauthorized", "Unauthorized");
  }

  static ApiException forbidden(Account account, Account.Right right) {
    return new ApiException(
        403,
        "Forbidden",
        "%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API group \"certificates.k8s.io\" at the cluster scope"
            .formatted(RESOURCE, account.username(), right.verb, right.resource));
  }

  static ApiException notFound(String what) {
    return new ApiException(404, "NotFound", what + " not found");
  }

  static ApiException unknownRequest(String name) {
    return notFound(RESOURCE + " \"" + name + "\"");
  }

  static ApiException methodNotAllowed() {
    return new ApiException(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
  }

  static ApiException alreadyExists(String name) {
    return new ApiException(409, "AlreadyExists", RESOURCE + " \"" + name + "\" already exists");
  }

  static ApiException conflict(String name) {
    return new ApiException(
        409,
        "Conflict",
        ("Operation cannot be fulfilled on %s \"%s\": the object has been modified; please apply"
                + " your changes to the latest version and try again")
            .formatted(RESOURCE, name));
  }

  static ApiException expired() {
    return new ApiException(410, "Expired", "too old resource version");
  }

  static ApiException invalid(String name, String problem) {
    return new ApiException(
        422,
        "Invalid",
        "CertificateSigningRequest.certificates.k8s.io \"%s\" is invalid: %s"
            .formatted(name, problem));
  }

  static ApiException tooLarge(int limit) {
    return new ApiException(
        413, "RequestEntityTooLarge", "Request entity too large: limit is " + limit);
  }

  static ApiException noDiscovery() {
    return new ApiException(
        501,
        "NotImplemented",
        "this is the embedded cluster of a podtls example, which serves certificate signing"
            + " requests to the example alone; kubectl cannot talk to it");
  }

  static ApiException badRequest(String problem) {
    return new ApiException(400, "BadRequest", problem);
  }

  int code() {
    return code;
  }

  Status status() {
    return new StatusBuilder()
        .withStatus("Failure")
        .withMessage(text)
        .withReason(reason)
        .withCode(code)
        .build();
  }
}
