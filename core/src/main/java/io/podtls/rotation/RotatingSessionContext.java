package io.podtls.rotation;

import java.util.Enumeration;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import org.jspecify.annotations.Nullable;

/** The current generation's sessions, under settings that later generations start with. */
final class RotatingSessionContext implements SSLSessionContext {

  private final Rotation rotation;
  private final Function<SSLContext, SSLSessionContext> side;

  RotatingSessionContext(Rotation rotation, Function<SSLContext, SSLSessionContext> side) {
    this.rotation = rotation;
    this.side = side;
  }

  @Override
  public @Nullable SSLSession getSession(byte[] sessionId) {
    return side.apply(rotation.current().sslContext()).getSession(sessionId);
  }

  @Override
  public Enumeration<byte[]> getIds() {
    return side.apply(rotation.current().sslContext()).getIds();
  }

  @Override
  public void setSessionTimeout(int seconds) {
    rotation.configure(context -> side.apply(context).setSessionTimeout(seconds));
  }

  @Override
  public int getSessionTimeout() {
    return side.apply(rotation.settings()).getSessionTimeout();
  }

  @Override
  public void setSessionCacheSize(int size) {
    rotation.configure(context -> side.apply(context).setSessionCacheSize(size));
  }

  @Override
  public int getSessionCacheSize() {
    return side.apply(rotation.settings()).getSessionCacheSize();
  }
}
