package io.podtls.tomcat;

import io.podtls.PodTls;
import io.podtls.testing.RotationContract.Server;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.net.SSLHostConfig.CertificateVerification;

/** A Tomcat on a free port whose answer is the client's subject alternative names. */
final class EmbeddedTomcat implements Server {

  private final Tomcat tomcat = new Tomcat();
  private final Connector connector = new Connector();

  EmbeddedTomcat(Path baseDir, PodTls tls) throws LifecycleException {
    tomcat.setBaseDir(baseDir.toString());
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.addUpgradeProtocol(new Http2Protocol());
    PodTlsTomcat.secure(connector, tls, CertificateVerification.REQUIRED);
    tomcat.setConnector(connector);
    Context context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "names", new Names()).addMapping("/");
    tomcat.start();
  }

  @Override
  public int port() {
    return connector.getLocalPort();
  }

  Connector connector() {
    return connector;
  }

  @Override
  public void stop() throws LifecycleException {
    tomcat.stop();
    tomcat.destroy();
  }

  private static final class Names extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      X509Certificate[] chain =
          (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
      try {
        response.getWriter().print(chain[0].getSubjectAlternativeNames());
      } catch (CertificateParsingException e) {
        throw new IOException(e);
      }
    }
  }
}
