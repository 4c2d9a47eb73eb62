package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import org.jspecify.annotations.Nullable;

/**
 * A lease that can be given back. The client's own lock writes with a merge patch, which leaves the
 * holder in place when there shall be none; so this one replaces the whole object.
 */
final class ReleasableLease extends LeaseLock {

  private final String namespace;
  private final String name;
  private ObjectMeta metadata;

  ReleasableLease(String namespace, String name, String identity) {
    super(namespace, name, identity);
    this.namespace = namespace;
    this.name = name;
    this.metadata = new ObjectMeta();
  }

  @Override
  public synchronized @Nullable LeaderElectionRecord get(KubernetesClient client) {
    Lease lease = client.leases().inNamespace(namespace).withName(name).get();
    if (lease == null) {
      return null;
    }
    metadata = lease.getMetadata();
    return toRecord(lease);
  }

  @Override
  public synchronized void update(KubernetesClient client, LeaderElectionRecord leader) {
    Lease lease = toResource(leader, new ObjectMetaBuilder(metadata));
    metadata = client.resource(lease).update().getMetadata();
  }
}
