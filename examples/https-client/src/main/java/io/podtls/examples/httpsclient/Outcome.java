package io.podtls.examples.httpsclient;

/** How a call ended, as the process's exit code. */
enum Outcome {
  OK(0),
  /** Anything that has no code of its own, such as an HTTP error. */
  FAILED(1),
  /** The command line is wrong. */
  USAGE(2),
  /** The server's certificate does not lead to the CA bundle, or is not valid now. */
  UNTRUSTED(3),
  /** The server's certificate is good, but for another name. */
  WRONG_NAME(4),
  /** No connection. */
  UNREACHABLE(5),
  /** There is no CA bundle to be read. */
  NO_TRUST(6);

  final int code;

  Outcome(int code) {
    this.code = code;
  }
}
