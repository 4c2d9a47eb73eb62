package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.TestServiceAccount;
import io.podtls.fabric8.approval.CertificateSigningRequests;
import io.podtls.pem.Pem;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.testing.TestCa;
import io.podtls.testing.TestCa.Leaf;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

/**
 * Signs approved requests of one signerName, each test's own, with a service account that has a
 * signer's rights and no others. Approves them first, if so made.
 */
final class TestSigner implements AutoCloseable {

  private final SignerName signerName =
      SignerName.of("example.com/test-" + HexFormat.of().toHexDigits(random()));
  private volatile TestCa ca = TestCa.root("signer of " + signerName);
  private final KubernetesClient client;
  private final SharedIndexInformer<CertificateSigningRequest> informer;
  private final boolean approving;
  private final UnaryOperator<Leaf> flaw;
  private volatile String around = "";
  private volatile boolean closed;

  private TestSigner(Cluster cluster, boolean approving, UnaryOperator<Leaf> flaw) {
    this.approving = approving;
    this.flaw = flaw;
    TestServiceAccount account = cluster.serviceAccount(cluster.namespace(), "signer");
    String group = "certificates.k8s.io";
    String requests = "certificatesigningrequests";
    cluster.grant(
        account,
        Cluster.rule(group, requests, "get", "list", "watch"),
        Cluster.rule(group, requests + "/status", "update"),
        Cluster.rule(group, requests + "/approval", "update"),
        Cluster.signerRule(signerName.toString(), "sign"),
        Cluster.signerRule(signerName.toString(), "approve"));
    this.client = cluster.clientFor(account);
    this.informer =
        client
            .certificates()
            .v1()
            .certificateSigningRequests()
            .withField("spec.signerName", signerName.toString())
            .inform(
                new ResourceEventHandler<>() {
                  @Override
                  public void onAdd(CertificateSigningRequest csr) {
                    handle(csr);
                  }

                  @Override
                  public void onUpdate(
                      CertificateSigningRequest before, CertificateSigningRequest after) {
                    handle(after);
                  }

                  @Override
                  public void onDelete(CertificateSigningRequest csr, boolean unknown) {}
                });
  }

  /** Signs what another approves. */
  static TestSigner of(Cluster cluster) {
    return new TestSigner(cluster, false, leaf -> leaf);
  }

  /** Approves and signs. */
  static TestSigner approving(Cluster cluster) {
    return new TestSigner(cluster, true, leaf -> leaf);
  }

  /** Approves everything and signs something else than was asked for. */
  static TestSigner flawed(Cluster cluster, UnaryOperator<Leaf> flaw) {
    return new TestSigner(cluster, true, flaw);
  }

  /** Puts this text around what it writes from now on. */
  TestSigner writingAround(String text) {
    around = text;
    return this;
  }

  /** Replaces its CA: what it signs from now on is signed by this one. */
  void signWith(TestCa next) {
    ca = next;
  }

  SignerName name() {
    return signerName;
  }

  TestCa ca() {
    return ca;
  }

  private void handle(CertificateSigningRequest csr) {
    boolean approved =
        csr.getStatus() != null
            && csr.getStatus().getConditions().stream()
                .anyMatch(condition -> condition.getType().equals("Approved"));
    boolean issued = csr.getStatus() != null && csr.getStatus().getCertificate() != null;
    try {
      if (!approved && approving) {
        CertificateSigningRequests.using(client).approve(csr.getMetadata().getName());
      } else if (approved && !issued) {
        sign(csr);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (KubernetesClientException e) {
      if (!closed) {
        throw e;
      }
    }
  }

  private void sign(CertificateSigningRequest csr) {
    byte[] pem = Base64.getDecoder().decode(csr.getSpec().getRequest());
    byte[] der = Pem.parse("spec.request", pem).blocks().get(0).der();
    Leaf leaf = ca.leafFor(der).usages(usages(csr.getSpec().getUsages()));
    List<X509Certificate> chain = flaw.apply(leaf).issueChain();
    StringBuilder text = new StringBuilder(around);
    chain.forEach(certificate -> text.append(pem(certificate)).append(around));
    client
        .resource(
            new CertificateSigningRequestBuilder(csr)
                .editStatus()
                .withCertificate(
                    Base64.getEncoder().encodeToString(text.toString().getBytes(UTF_8)))
                .endStatus()
                .build())
        .updateStatus();
  }

  private static Set<KeyUsage> usages(List<String> names) {
    Set<KeyUsage> usages = EnumSet.noneOf(KeyUsage.class);
    Arrays.stream(KeyUsage.values())
        .filter(usage -> names.contains(usage.apiName()))
        .forEach(usages::add);
    return usages;
  }

  static String pem(X509Certificate certificate) {
    return io.podtls.trust.TrustBundle.of(List.of(certificate)).toPem();
  }

  private static int random() {
    return ThreadLocalRandom.current().nextInt();
  }

  @Override
  public void close() {
    closed = true;
    informer.close();
  }
}
