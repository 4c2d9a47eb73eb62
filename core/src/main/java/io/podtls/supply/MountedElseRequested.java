package io.podtls.supply;

import java.time.Duration;

/**
 * Source that prefers the mounted identity while it is there and has time left, and requests one
 * otherwise, until the mounted one is usable again.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public final class MountedElseRequested implements IdentitySource {

  private final MountedIdentity mounted;
  private final RequestedIdentity requested;
  private boolean requesting;

  public MountedElseRequested(MountedIdentity mounted, RequestedIdentity requested) {
    this.mounted = mounted;
    this.requested = requested;
  }

  @Override
  public void start() {
    mounted.warn();
    tick();
  }

  @Override
  public void tick() {
    mounted.look();
    if (mounted.lasting()) {
      mounted.offer();
    }
    boolean needed = !(mounted.lasting() && mounted.inUse());
    if (needed && !requesting) {
      requested.start();
    } else if (needed) {
      requested.tick();
    } else {
      requested.close();
    }
    requesting = needed;
  }

  @Override
  public void trustChanged() {
    mounted.trustChanged();
    if (requesting) {
      requested.trustChanged();
    }
  }

  @Override
  public void replaceWithin(Duration spread) {
    if (requesting) {
      requested.replaceWithin(spread);
    }
  }

  @Override
  public void close() {
    mounted.close();
    requested.close();
  }
}
