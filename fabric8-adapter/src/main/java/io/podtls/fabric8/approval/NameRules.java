package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Service;
import io.podtls.request.SubjectAlternativeName;
import java.util.List;
import java.util.Optional;

/**
 * Refuses the names that a pod may not carry, for {@link PodBoundPolicy}. What can be said of names
 * without looking at the cluster, such as their number and kinds, is refused by {@link
 * ContentRules}.
 */
final class NameRules {

  private final PolicyOptions options;

  NameRules(PolicyOptions options) {
    this.options = options;
  }

  List<Objection> objections(PodContext pod, List<SubjectAlternativeName> names) {
    return names.stream()
        .flatMap(
            name ->
                objection(pod, name)
                    .filter(objection -> !options.nameRule().mayCarry(pod.pod(), name))
                    .stream())
        .toList();
  }

  private Optional<Objection> objection(PodContext pod, SubjectAlternativeName name) {
    return switch (name.kind()) {
      case DNS -> dnsName(pod, name.value());
      case IP_ADDRESS -> ipAddress(pod, name.value());
      case URI -> uri(pod, name.value());
      case EMAIL -> lasting("NameKindNotAllowed", name.value(), "e-mail addresses are not allowed");
    };
  }

  private Optional<Objection> dnsName(PodContext pod, String name) {
    Optional<ServiceDnsName> parsed = ServiceDnsName.parse(name, options.clusterDomain());
    if (name.contains("*") && !isAllowedWildcard(parsed)) {
      return lasting("WildcardNotAllowed", name, "this wildcard is not allowed");
    }
    if (parsed.isEmpty()) {
      return lasting(
          "UnknownName",
          name,
          "not a name of a Service in the cluster domain " + options.clusterDomain());
    }
    return serviceName(pod, name, parsed.get());
  }

  private boolean isAllowedWildcard(Optional<ServiceDnsName> name) {
    return options.serviceNameForms().contains(ServiceNameForm.HEADLESS_WILDCARD)
        && name.flatMap(ServiceDnsName::host).filter("*"::equals).isPresent();
  }

  private Optional<Objection> serviceName(PodContext pod, String name, ServiceDnsName parts) {
    if (!options.serviceNameForms().contains(parts.form())) {
      return lasting(
          "NameFormNotAllowed",
          name,
          "names of Services are allowed in these forms: " + options.serviceNameForms());
    }
    if (!parts.namespace().orElse(pod.namespace()).equals(pod.namespace())) {
      return lasting(
          "ForeignNamespace",
          name,
          "no Service in namespace " + pod.namespace() + " by that name selects pod " + pod.name());
    }
    Optional<Service> service = pod.service(parts.service());
    if (service.isEmpty()) {
      return passing(
          "ServiceNotFound",
          name,
          "there is no Service "
              + Printable.of(parts.service())
              + " in namespace "
              + pod.namespace());
    }
    Optional<Objection> unselected = selected(pod, name, service.get());
    return unselected.isPresent() || parts.host().isEmpty()
        ? unselected
        : hostname(pod, name, parts.host().get(), service.get());
  }

  private Optional<Objection> selected(PodContext pod, String name, Service service) {
    if (PodContext.isExternalName(service)) {
      return lasting(
          "ExternalNameService",
          name,
          "Service " + PodContext.nameOf(service) + " is an ExternalName and leads elsewhere");
    }
    return pod.isSelectedBy(service)
        ? Optional.empty()
        : passing(
            "ServiceDoesNotSelectPod",
            name,
            "Service "
                + PodContext.nameOf(service)
                + " in namespace "
                + pod.namespace()
                + " does not select pod "
                + pod.name());
  }

  private Optional<Objection> hostname(
      PodContext pod, String name, String hostname, Service service) {
    boolean own =
        hostname.equals("*") ? PodContext.isHeadless(service) : pod.hasHostname(hostname, service);
    return own
        ? Optional.empty()
        : lasting(
            "ForeignHostname",
            name,
            "not the hostname that the headless Service "
                + PodContext.nameOf(service)
                + " gives to pod "
                + pod.name());
  }

  private Optional<Objection> ipAddress(PodContext pod, String address) {
    if (options.addressExpiration().isEmpty()) {
      return lasting(
          "NameKindNotAllowed",
          address,
          "IP addresses are not allowed, as another pod may get the address while the certificate"
              + " is valid");
    }
    boolean isPods = pod.addresses().contains(address);
    if (isPods) {
      return pod.usesHostNetwork()
          ? lasting(
              "HostNetworkAddress",
              address,
              "pod " + pod.name() + " shares this address with its node and other pods on it")
          : Optional.empty();
    }
    Optional<Service> service = pod.serviceAt(address);
    if (service.isPresent()) {
      return selected(pod, address, service.get());
    }
    return pod.addresses().isEmpty()
        ? passing("PodHasNoAddress", address, "pod " + pod.name() + " has no address yet")
        : lasting(
            "ForeignAddress",
            address,
            "neither an address of pod "
                + pod.name()
                + " nor the ClusterIP of a Service that selects it");
  }

  private Optional<Objection> uri(PodContext pod, String uri) {
    Optional<String> own =
        options
            .spiffeTrustDomain()
            .map(
                domain ->
                    "spiffe://"
                        + domain
                        + "/ns/"
                        + pod.namespace()
                        + "/sa/"
                        + pod.pod().getSpec().getServiceAccountName());
    if (own.filter(uri::equals).isPresent()) {
      return Optional.empty();
    }
    return own.isPresent()
        ? lasting(
            "ForeignUri", uri, "the only URI allowed to pod " + pod.name() + " is " + own.get())
        : lasting("NameKindNotAllowed", uri, "URIs are not allowed");
  }

  private static Optional<Objection> lasting(String reason, String name, String why) {
    return Optional.of(Objection.lasting(reason, Printable.of(name) + ": " + why));
  }

  private static Optional<Objection> passing(String reason, String name, String why) {
    return Optional.of(Objection.passing(reason, Printable.of(name) + ": " + why));
  }
}
