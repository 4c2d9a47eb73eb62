package io.podtls.tomcat;

import io.podtls.PodTls;
import io.podtls.testing.RotationContract;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("embedded Tomcat, called by the JDK's HttpClient over HTTP/2")
class TomcatRotationTest extends RotationContract {

  @TempDir private Path baseDir;

  @Override
  protected Server start(PodTls tls) throws Exception {
    return new EmbeddedTomcat(baseDir, tls);
  }
}
