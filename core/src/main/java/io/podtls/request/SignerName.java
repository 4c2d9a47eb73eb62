package io.podtls.request;

/** A signer's name: stub, see the room's contract. */
public record SignerName(String value) {
  /** Parses. */
  public static SignerName of(String value) {
    return new SignerName(value);
  }

  @Override
  public String toString() {
    return value;
  }
}
