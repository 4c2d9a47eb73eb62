package io.podtls.tomcat;

import static java.util.Objects.requireNonNull;

import io.podtls.PodTls;
import org.apache.catalina.connector.Connector;
import org.apache.tomcat.util.net.SSLContext;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfig.CertificateVerification;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;

/**
 * TLS of a Tomcat connector that follows a handle: each connection uses the identity and the trust
 * that are current when it is made, and sessions of former ones are not resumed. Nothing is
 * reloaded at a rotation, and {@code reloadSslHostConfigs} changes nothing.
 *
 * <pre>{@code
 * Connector connector = new Connector();
 * connector.setPort(8443);
 * PodTlsTomcat.secure(connector, tls, CertificateVerification.REQUIRED);
 * tomcat.setConnector(connector);
 * }</pre>
 *
 * <p>Which clients may connect is said by the handle's {@linkplain PodTls.Builder#peers peers}.
 */
public final class PodTlsTomcat {

  /** By name, as Tomcat's module does not export it. */
  private static final String JSSE = "org.apache.tomcat.util.net.jsse.JSSEImplementation";

  private PodTlsTomcat() {}

  /**
   * Makes a connector speak TLS 1.3 and 1.2 with the handle's identity and trust, for all host
   * names. The engine is the JDK's, also where Tomcat has found OpenSSL.
   *
   * @param connector a connector that has not been started and has no {@link SSLHostConfig} of the
   *     default name
   * @param tls the handle, which need not be ready; remains the caller's to close, after the server
   * @param clients whether clients must or may show a certificate. One that is shown is checked
   *     against the handle's trust and peers, so {@code OPTIONAL_NO_CA} is the same as {@code
   *     OPTIONAL}
   * @throws IllegalArgumentException if the connector has such an {@link SSLHostConfig}
   */
  public static void secure(Connector connector, PodTls tls, CertificateVerification clients) {
    SSLHostConfig host = new SSLHostConfig();
    host.setProtocols("TLSv1.2+TLSv1.3");
    host.setCertificateVerification(requireNonNull(clients, "clients").name());
    SSLHostConfigCertificate certificate =
        new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.UNDEFINED);
    certificate.setSslContext(sslContext(tls));
    host.addCertificate(certificate);
    connector.setScheme("https");
    connector.setSecure(true);
    connector.setProperty("SSLEnabled", "true");
    connector.setProperty("sslImplementationName", JSSE);
    connector.addSslHostConfig(host);
  }

  /**
   * Returns what Tomcat calls a context, around {@link PodTls#sslContext()}: for {@link
   * SSLHostConfigCertificate#setSslContext} where {@link #secure} does not fit, such as several
   * host names with a handle each. It needs Tomcat's JSSE implementation.
   *
   * <p>Before the handle is ready, handshakes are refused.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @return the context, for the life of the handle
   */
  public static SSLContext sslContext(PodTls tls) {
    return new HandleContext(requireNonNull(tls, "tls"));
  }
}
