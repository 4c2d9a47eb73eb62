package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

/**
 * The identity of one CertificateSigningRequest. A later request of the same name has another uid.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param name the name of the object
 * @param uid its uid
 */
public record RequestId(String name, String uid) {

  /**
   * Checks for null.
   *
   * @param name the name of the object
   * @param uid its uid
   */
  public RequestId {
    requireNonNull(name, "name");
    requireNonNull(uid, "uid");
  }

  /** {@return the name} */
  @Override
  public String toString() {
    return name;
  }
}
