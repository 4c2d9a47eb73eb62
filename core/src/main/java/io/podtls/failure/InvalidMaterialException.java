package io.podtls.failure;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * A trust bundle, key or certificate could not be read from where it should be: missing, empty,
 * truncated, garbage, a wrong password, a key and a certificate that do not belong together.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class InvalidMaterialException extends PodTlsException {

  private static final long serialVersionUID = 1L;

  private final String source;

  /**
   * Reports that {@code source} holds nothing usable.
   *
   * @param source where the material was read from: a file's path, or an object's name
   * @param problem what was found and what was expected, without any of the material itself
   * @param cause the failure underneath, or null
   */
  public InvalidMaterialException(String source, String problem, @Nullable Throwable cause) {
    super(requireNonNull(source, "source") + ": " + problem, cause);
    this.source = source;
  }

  /** Returns where the material was read from: a file's path, or an object's name. */
  public String source() {
    return source;
  }
}
