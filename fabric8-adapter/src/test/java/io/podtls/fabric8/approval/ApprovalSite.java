package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.TestPod;
import io.podtls.controlplane.TestServiceAccount;
import io.podtls.request.SignerName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * A namespace of a real cluster with pod orders-7f9 behind Service orders, and a service account
 * for the approver of a signer of its own, with the rights that {@link CertificateApprover}
 * documents and no others.
 */
final class ApprovalSite {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  final Cluster cluster;
  final String namespace;
  final SignerName signer;
  final TestServiceAccount approver;
  final TestPod pod;

  ApprovalSite(Cluster cluster) {
    this.cluster = cluster;
    this.namespace = cluster.namespace();
    this.signer = SignerName.of("example.com/" + namespace);
    this.approver = cluster.serviceAccount(namespace, "approver");
    cluster.grant(approver, documentedRules("ClusterRole").toArray(new PolicyRule[0]));
    grantLease();
    cluster.service(namespace, "orders", Map.of("app", "orders"));
    this.pod = pod("orders-7f9", "orders", "10.1.2.3");
  }

  /** A pod whose service account and label {@code app} are called alike. */
  TestPod pod(String name, String app, String ip) {
    TestPod created =
        cluster.pod(namespace, name).serviceAccount(app).label("app", app).ips(ip).create();
    cluster.grant(
        created,
        Cluster.rule("certificates.k8s.io", "certificatesigningrequests", "create", "get"));
    return created;
  }

  /** A client with the approver's own token. */
  KubernetesClient approverClient() {
    return cluster.clientFor(approver);
  }

  /** The name of a Service of this namespace. */
  String svc(String service) {
    return service + "." + namespace + ".svc";
  }

  /** Creates a request and returns its name. */
  String submit(KubernetesClient requester, TestPkcs10 pkcs10) {
    return submit(requester, pkcs10, csr -> csr);
  }

  /** Creates a request that differs in something and returns its name. */
  String submit(
      KubernetesClient requester,
      TestPkcs10 pkcs10,
      UnaryOperator<CertificateSigningRequestBuilder> change) {
    CertificateSigningRequestBuilder csr =
        new CertificateSigningRequestBuilder()
            .withNewMetadata()
            .withGenerateName("podtls-test-")
            .endMetadata()
            .withNewSpec()
            .withRequest(pkcs10.specRequest())
            .withSignerName(signer.value())
            .withUsages("digital signature", "server auth")
            .withExpirationSeconds(3600)
            .endSpec();
    return requester.resource(change.apply(csr).build()).create().getMetadata().getName();
  }

  CertificateSigningRequest read(String name) {
    return cluster.admin().certificates().v1().certificateSigningRequests().withName(name).get();
  }

  /** Whether the request is undecided. */
  boolean isPending(String name) {
    return PendingRequests.isPending(new WatchedRequest(read(name), false));
  }

  List<CertificateSigningRequestCondition> conditions(String name) {
    return read(name).getStatus().getConditions();
  }

  /** Waits until the request is decided on, and returns the decision. */
  CertificateSigningRequestCondition decisionOn(String name) {
    await("a decision on csr " + name, () -> !isPending(name));
    return conditions(name).get(0);
  }

  static void await(String what, BooleanSupplier condition) {
    await(what, LIMIT, condition);
  }

  static void await(String what, Duration limit, BooleanSupplier condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("still missing after " + limit.toSeconds() + " s: " + what);
      }
      LockSupport.parkNanos(5_000_000);
    }
  }

  /** The rules of the role in the javadoc, for this signer. */
  List<PolicyRule> documentedRules(String kind) {
    Path source =
        Path.of(System.getProperty("podtls.root"))
            .resolve("fabric8-adapter/src/main/java")
            .resolve(CertificateApprover.class.getName().replace('.', '/') + ".java");
    try {
      String yaml =
          Files.readString(source)
              .lines()
              .map(line -> line.replaceFirst("^ \\* ?", ""))
              .dropWhile(line -> !line.equals("kind: " + kind))
              .takeWhile(line -> !line.startsWith("}"))
              .collect(Collectors.joining("\n"))
              .replace("example.com/serving", signer.value());
      return new KubernetesSerialization().unmarshal(yaml, ClusterRole.class).getRules();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void grantLease() {
    cluster
        .admin()
        .resource(
            new RoleBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("approver")
                .endMetadata()
                .withRules(documentedRules("Role"))
                .build())
        .create();
    cluster
        .admin()
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("approver")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", "approver")
                .addNewSubject()
                .withKind("ServiceAccount")
                .withNamespace(namespace)
                .withName(approver.name())
                .endSubject()
                .build())
        .create();
  }
}
