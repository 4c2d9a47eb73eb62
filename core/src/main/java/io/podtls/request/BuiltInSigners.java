package io.podtls.request;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What kube-controller-manager's signers and the API server's admission demand of a request to one
 * of {@code kubernetes.io}'s signers. A custom signer's rules are its own.
 */
final class BuiltInSigners {
  private BuiltInSigners() {}

  private static final String NODES = "system:nodes";
  private static final String NODE_PREFIX = "system:node:";

  static Set<KeyUsage> defaultUsages(SignerName signer) {
    boolean client =
        signer.equals(SignerName.KUBE_APISERVER_CLIENT)
            || signer.equals(SignerName.KUBE_APISERVER_CLIENT_KUBELET);
    return EnumSet.of(
        KeyUsage.DIGITAL_SIGNATURE, client ? KeyUsage.CLIENT_AUTH : KeyUsage.SERVER_AUTH);
  }

  static void check(CertificateRequest request) {
    if (request.signerName().equals(SignerName.KUBE_APISERVER_CLIENT)) {
      checkApiServerClient(request);
    } else if (request.signerName().equals(SignerName.KUBE_APISERVER_CLIENT_KUBELET)) {
      checkKubeletClient(request);
    } else if (request.signerName().equals(SignerName.KUBELET_SERVING)) {
      checkKubeletServing(request);
    }
  }

  private static void checkApiServerClient(CertificateRequest request) {
    for (KeyUsage usage : request.usages()) {
      switch (usage) {
        case CLIENT_AUTH, DIGITAL_SIGNATURE, KEY_ENCIPHERMENT -> {}
        case SERVER_AUTH ->
            throw refused(
                request,
                "usages has \"server auth\", and it signs clients of the API server only; for a"
                    + " server's certificate name a signer of your own, such as"
                    + " example.com/serving");
        default ->
            throw refused(
                request,
                "usages has \""
                    + usage
                    + "\", and it allows client auth, digital signature and key encipherment only");
      }
    }
    if (!request.usages().contains(KeyUsage.CLIENT_AUTH)) {
      throw refused(request, "usages lacks \"client auth\"");
    }
    if (request.organizations().contains("system:masters")) {
      throw refused(
          request,
          "organizations has \"system:masters\", which the API server never admits for this"
              + " signer; bind a role to a group of your own");
    }
    if (request.commonName().isEmpty()) {
      throw refused(
          request, "commonName is not set, and it is the user name that the API server looks for");
    }
  }

  private static void checkKubeletClient(CertificateRequest request) {
    checkNode(request);
    checkExactUsages(request, KeyUsage.CLIENT_AUTH);
    if (!request.subjectAlternativeNames().isEmpty()) {
      throw refused(
          request,
          "subjectAlternativeNames has "
              + request.subjectAlternativeNames()
              + ", and it allows none");
    }
  }

  private static void checkKubeletServing(CertificateRequest request) {
    checkNode(request);
    checkExactUsages(request, KeyUsage.SERVER_AUTH);
    for (SubjectAlternativeName name : request.subjectAlternativeNames()) {
      switch (name.kind()) {
        case DNS, IP_ADDRESS -> {}
        case URI, EMAIL ->
            throw refused(
                request,
                "subjectAlternativeNames has "
                    + name
                    + ", and it allows DNS names and IP addresses only");
      }
    }
  }

  private static void checkNode(CertificateRequest request) {
    if (!request.organizations().equals(List.of(NODES))) {
      throw refused(
          request,
          "organizations is "
              + request.organizations()
              + ", and it signs for kubelets only, whose organization is exactly "
              + NODES
              + "; for a Service name a signer of your own, such as example.com/serving");
    }
    if (request.commonName().filter(name -> name.startsWith(NODE_PREFIX)).isEmpty()) {
      throw refused(
          request,
          "commonName is "
              + request.commonName().map(name -> "\"" + name + "\"").orElse("not set")
              + ", and a kubelet's starts with "
              + NODE_PREFIX);
    }
  }

  private static void checkExactUsages(CertificateRequest request, KeyUsage purpose) {
    Set<KeyUsage> minimum = EnumSet.of(KeyUsage.DIGITAL_SIGNATURE, purpose);
    Set<KeyUsage> maximum = EnumSet.of(KeyUsage.KEY_ENCIPHERMENT, minimum.toArray(KeyUsage[]::new));
    if (!request.usages().equals(minimum) && !request.usages().equals(maximum)) {
      throw refused(
          request,
          "usages is "
              + request.usages()
              + ", and it takes exactly "
              + minimum
              + ", with or without key encipherment");
    }
  }

  private static IllegalArgumentException refused(CertificateRequest request, String why) {
    return new IllegalArgumentException(request.signerName() + " would refuse this: " + why);
  }
}
