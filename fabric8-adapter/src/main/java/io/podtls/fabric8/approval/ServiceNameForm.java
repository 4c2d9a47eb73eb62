package io.podtls.fabric8.approval;

/**
 * A way to write the name of a Service. A certificate counts in the whole cluster, but not every
 * form means the same Service everywhere.
 */
public enum ServiceNameForm {
  /**
   * {@code orders}: a Service of the caller's own namespace. A pod that may serve as {@code orders}
   * in one namespace can pose as {@code orders} in all others, so it is for clusters whose
   * namespaces trust each other.
   */
  SHORT,
  /**
   * {@code orders.shop}: one Service in the cluster; but it can be a name on the public internet as
   * well, where top-level domains such as {@code shop} or {@code dev} are namespaces here.
   */
  NAMESPACE,
  /** {@code orders.shop.svc}: one Service in the cluster, and nothing elsewhere. */
  SVC,
  /** {@code orders.shop.svc.cluster.local}: one Service of one cluster domain. */
  CLUSTER_DOMAIN,
  /**
   * {@code *.orders.shop.svc}, in the forms above that end like it: all pods of one headless
   * Service, each of which can then pose as any other.
   */
  HEADLESS_WILDCARD
}
