package io.podtls.request;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The name of a signer, e.g. {@code example.com/serving}: a domain and a path, as {@code
 * spec.signerName} of a CertificateSigningRequest has it.
 *
 * <p>The rules are the API server's ({@code certificates.k8s.io/v1}), no stricter: exactly one
 * {@code /}; before it a domain of two or more DNS labels, at most 253 characters; after it one or
 * more labels of at most 253 characters, separated by dots; at most 571 characters in all; lower
 * case throughout; not {@code kubernetes.io/legacy-unknown}. Other names under {@code
 * kubernetes.io} are reserved for Kubernetes, but the API server accepts them: a request to one
 * that no signer serves stays pending.
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
  // A domain, a slash, and a label, a dot and a subdomain: room for <namespace>.<name>.
  private static final int MAX_NAME = MAX_DOMAIN + 1 + MAX_LABEL + 1 + MAX_DOMAIN;

  /**
   * Checks the name.
   *
   * @param value e.g. {@code example.com/serving}
   * @throws IllegalArgumentException if the API server would refuse the name; the message says why
   */
  public SignerName {
    requireNonNull(value, "signerName");
    check(value);
  }

  /**
   * {@return the signer name with this spelling}
   *
   * @param value e.g. {@code example.com/serving}
   * @throws IllegalArgumentException if the API server would refuse the name; the message says why
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
    if (domain.length() > MAX_DOMAIN) {
      throw refused(
          abbreviated(name),
          "has a domain of "
              + domain.length()
              + " characters, at most "
              + MAX_DOMAIN
              + " are allowed");
    }
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
    if (name.length() > MAX_NAME) {
      throw refused(
          abbreviated(name),
          "has " + name.length() + " characters, at most " + MAX_NAME + " are allowed");
    }
    if (name.equals("kubernetes.io/legacy-unknown")) {
      throw refused(name, "is refused by the API server since certificates.k8s.io/v1");
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
