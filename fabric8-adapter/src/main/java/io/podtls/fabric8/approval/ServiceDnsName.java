package io.podtls.fabric8.approval;

import java.util.Optional;

/**
 * The name of a Service, or of a host behind a headless Service, taken apart.
 *
 * @param form how it is written
 * @param host the host in front of the Service's name, {@code *} for all of them
 * @param service the Service's name
 * @param namespace the Service's namespace, empty in the form that leaves it out
 */
record ServiceDnsName(
    ServiceNameForm form, Optional<String> host, String service, Optional<String> namespace) {

  /** Takes a name apart; empty if it can be none of a Service. */
  static Optional<ServiceDnsName> parse(String name, String clusterDomain) {
    String lower = Names.lowerCase(name);
    String domain = ".svc." + clusterDomain;
    if (lower.endsWith(domain)) {
      return parseInCluster(
          ServiceNameForm.CLUSTER_DOMAIN, lower.substring(0, lower.length() - domain.length()));
    }
    if (lower.endsWith(".svc")) {
      return parseInCluster(ServiceNameForm.SVC, lower.substring(0, lower.length() - 4));
    }
    String[] labels = lower.split("\\.", -1);
    return switch (labels.length) {
      case 1 ->
          Optional.of(
              new ServiceDnsName(
                  ServiceNameForm.SHORT, Optional.empty(), labels[0], Optional.empty()));
      case 2 ->
          Optional.of(
              new ServiceDnsName(
                  ServiceNameForm.NAMESPACE, Optional.empty(), labels[0], Optional.of(labels[1])));
      default -> Optional.empty();
    };
  }

  private static Optional<ServiceDnsName> parseInCluster(ServiceNameForm form, String name) {
    String[] labels = name.split("\\.", -1);
    return switch (labels.length) {
      case 2 ->
          Optional.of(
              new ServiceDnsName(form, Optional.empty(), labels[0], Optional.of(labels[1])));
      case 3 ->
          Optional.of(
              new ServiceDnsName(form, Optional.of(labels[0]), labels[1], Optional.of(labels[2])));
      default -> Optional.empty();
    };
  }
}
