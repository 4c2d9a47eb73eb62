package io.podtls.request;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The name of a signer, e.g. {@code example.com/serving}: a domain and a path, as {@code
 * spec.signerName} of a CertificateSigningRequest has it.
 *
 * <p>The rules are the API server's ({@code certificates.k8s.io/v1}): exactly one {@code /}; before
 * it a domain of two or more DNS labels, at most 253 characters; after it one or more labels
 * separated by dots, at most 317 characters; lower case throughout. Names under {@code
 * kubernetes.io} are reserved, so only the three that Kubernetes itself signs are accepted there;
 * {@code kubernetes.io/legacy-unknown}, which the API server refuses, is not one of them.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param value the name as the API spells it
 */
public record SignerName(String value) {

  /**
   * Signs client certificates for the API server: {@code kubernetes.io/kube-apiserver-client}.
   * Needs client auth; allows digital signature and key encipherment besides; never approved
   * automatically.
   */
  public static final SignerName KUBE_APISERVER_CLIENT =
      new SignerName("kubernetes.io/kube-apiserver-client");

  /**
   * Signs the kubelets' client certificates: {@code kubernetes.io/kube-apiserver-client-kubelet}.
   */
  public static final SignerName KUBE_APISERVER_CLIENT_KUBELET =
      new SignerName("kubernetes.io/kube-apiserver-client-kubelet");

  /**
   * Signs the kubelets' serving certificates: {@code kubernetes.io/kubelet-serving}. What it issues
   * can impersonate a kubelet, so it is no signer for a Service.
   */
  public static final SignerName KUBELET_SERVING = new SignerName("kubernetes.io/kubelet-serving");

  private static final String EXAMPLE = "; a signer name looks like example.com/serving";
  private static final int MAX_DOMAIN = 253;
  private static final int MAX_LABEL = 63;
  // A label, a dot and a subdomain: room for <namespace>.<name>.
  private static final int MAX_PATH = MAX_LABEL + 1 + MAX_DOMAIN;

  /**
   * Checks the name.
   *
   * @param value e.g. {@code example.com/serving}
   * @throws IllegalArgumentException if the API server or its built-in signers would refuse the
   *     name; the message says why
   */
  public SignerName {
    requireNonNull(value, "signerName");
    check(value);
  }

  /**
   * {@return the signer name with this spelling}
   *
   * @param value e.g. {@code example.com/serving}
   * @throws IllegalArgumentException if the API server or its built-in signers would refuse the
   *     name; the message says why
   */
  public static SignerName of(String value) {
    return new SignerName(value);
  }

  private static void check(String name) {
    int slash = name.indexOf('/');
    if (slash < 0 || name.indexOf('/', slash + 1) >= 0) {
      throw refused(name, "needs exactly one '/', between a domain and a path");
    }
    String domain = name.substring(0, slash);
    String path = name.substring(slash + 1);
    checkLength(name, "domain", domain, MAX_DOMAIN);
    String[] labels = domain.split("\\.", -1);
    for (String label : labels) {
      checkLabel(name, "domain", label, MAX_LABEL);
    }
    if (labels.length < 2) {
      throw refused(name, "has the domain \"" + domain + "\", which needs two or more labels");
    }
    for (String label : path.split("\\.", -1)) {
      checkLabel(name, "path", label, MAX_DOMAIN);
    }
    checkLength(name, "path", path, MAX_PATH);
    checkReserved(name, domain);
  }

  private static void checkLength(String name, String part, String text, int max) {
    if (text.length() > max) {
      throw refused(
          abbreviated(name),
          "has a "
              + part
              + " of "
              + text.length()
              + " characters, at most "
              + max
              + " are allowed");
    }
  }

  private static void checkLabel(String name, String part, String label, int max) {
    if (label.length() > max) {
      throw refused(
          abbreviated(name),
          "has a label of "
              + label.length()
              + " characters in its "
              + part
              + ", at most "
              + max
              + " are allowed");
    }
    if (!Labels.LABEL.matcher(label).matches()) {
      throw refused(
          abbreviated(name),
          "has the label \""
              + label
              + "\" in its "
              + part
              + "; a label is lower-case letters, digits and '-', and starts and ends with a letter"
              + " or digit");
    }
  }

  private static void checkReserved(String name, String domain) {
    if (!domain.equals("kubernetes.io") && !domain.endsWith(".kubernetes.io")) {
      return;
    }
    if (name.equals("kubernetes.io/legacy-unknown")) {
      throw refused(name, "is refused by the API server since certificates.k8s.io/v1");
    }
    boolean builtIn =
        switch (name) {
          case "kubernetes.io/kube-apiserver-client",
              "kubernetes.io/kube-apiserver-client-kubelet",
              "kubernetes.io/kubelet-serving" ->
              true;
          default -> false;
        };
    if (!builtIn) {
      throw refused(
          name,
          "is under kubernetes.io, which is reserved, and is none of the signers there:"
              + " kubernetes.io/kube-apiserver-client, kubernetes.io/kube-apiserver-client-kubelet,"
              + " kubernetes.io/kubelet-serving");
    }
  }

  private static IllegalArgumentException refused(String name, String why) {
    return new IllegalArgumentException("signerName \"" + name + "\" " + why + EXAMPLE);
  }

  private static String abbreviated(String name) {
    return name.length() <= 100 ? name : name.substring(0, 100) + "...";
  }

  // Spelled out because the record's own ones take 40 ms in a fresh JVM, before its first request.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SignerName name && value.equals(name.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  /** {@return the name as the API spells it} */
  @Override
  public String toString() {
    return value;
  }
}
