package io.podtls.failure;

import org.jspecify.annotations.Nullable;

/**
 * Root of the failures that occur at run time. Caller bugs are {@link IllegalArgumentException} and
 * {@link NullPointerException} instead.
 *
 * <p>Messages name the object, what was seen and what to do; they never contain a key, a token or a
 * whole PEM block.
 *
 * <p><b>Thread safety:</b> immutable, like all of its subclasses.
 */
public abstract sealed class PodTlsException extends RuntimeException
    permits BootstrapTimeoutException,
        InvalidCertificateException,
        InvalidMaterialException,
        RequestRefusedException,
        SignerUnavailableException {

  private static final long serialVersionUID = 1L;

  PodTlsException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
