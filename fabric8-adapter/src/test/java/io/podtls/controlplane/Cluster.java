package io.podtls.controlplane;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributes;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributesBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The objects that tests put into a {@link ControlPlane}. Nothing is cleaned up: each test works in
 * a {@link #namespace() namespace of its own}, and the control plane ends with the tests.
 *
 * <p>Thread safety: safe.
 */
public final class Cluster {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final ControlPlane controlPlane;

  Cluster(ControlPlane controlPlane) {
    this.controlPlane = controlPlane;
  }

  /** Where this is. */
  public ControlPlane controlPlane() {
    return controlPlane;
  }

  /** A client with the rights of a cluster administrator, to create whatever else is needed. */
  public KubernetesClient admin() {
    return controlPlane.admin();
  }

  /** Creates a namespace with a random name; its kube-root-ca.crt and default account are there. */
  public String namespace() {
    String name = randomName("test");
    admin()
        .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
        .create();
    await(
        "kube-root-ca.crt and the default service account in namespace " + name,
        () ->
            admin().configMaps().inNamespace(name).withName("kube-root-ca.crt").get() != null
                && admin().serviceAccounts().inNamespace(name).withName("default").get() != null);
    return name;
  }

  /** The service account of this name; created if it is not there. */
  public TestServiceAccount serviceAccount(String namespace, String name) {
    try {
      admin()
          .resource(
              new ServiceAccountBuilder()
                  .withNewMetadata()
                  .withNamespace(namespace)
                  .withName(name)
                  .endMetadata()
                  .build())
          .create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != 409) {
        throw e;
      }
    }
    return new TestServiceAccount(namespace, name);
  }

  /** Describes a Pod; {@link TestPod.Builder#create()} creates it. */
  public TestPod.Builder pod(String namespace, String name) {
    return new TestPod.Builder(this, namespace, name);
  }

  /** Deletes a Pod at once; the API server forgets its tokens within about 10 s. */
  public void delete(TestPod pod) {
    admin().pods().inNamespace(pod.namespace()).withName(pod.name()).withGracePeriod(0).delete();
    await(
        "the end of pod " + pod.name(),
        () -> admin().pods().inNamespace(pod.namespace()).withName(pod.name()).get() == null);
  }

  /** Asks for the Pod's end; with no kubelet to end it, it stays Terminating. */
  public void terminate(TestPod pod) {
    admin().pods().inNamespace(pod.namespace()).withName(pod.name()).withGracePeriod(300).delete();
  }

  /** Creates a Service with a cluster IP, port 443 and target port 8443. */
  public Service service(String namespace, String name, Map<String, String> selector) {
    return admin()
        .resource(
            new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withSelector(selector)
                .addNewPort()
                .withName("https")
                .withPort(443)
                .withNewTargetPort(8443)
                .endPort()
                .endSpec()
                .build())
        .create();
  }

  /** A rule on one resource, or on a subresource as {@code certificatesigningrequests/approval}. */
  public static PolicyRule rule(String apiGroup, String resource, String... verbs) {
    return new PolicyRuleBuilder()
        .withApiGroups(apiGroup)
        .withResources(resource)
        .withVerbs(verbs)
        .build();
  }

  /**
   * Approve or sign for one signer: the verb is {@code approve}, {@code sign} or {@code attest}.
   */
  public static PolicyRule signerRule(String signerName, String verb) {
    return new PolicyRuleBuilder()
        .withApiGroups("certificates.k8s.io")
        .withResources("signers")
        .withResourceNames(signerName)
        .withVerbs(verb)
        .build();
  }

  /** Gives a service account rights in the whole cluster; they are in force on return. */
  public Grant grant(TestServiceAccount serviceAccount, PolicyRule... rules) {
    Grant grant = new Grant(randomName("grant"), serviceAccount, List.of(rules));
    admin()
        .resource(
            new ClusterRoleBuilder()
                .withNewMetadata()
                .withName(grant.name())
                .endMetadata()
                .withRules(grant.rules())
                .build())
        .create();
    admin()
        .resource(
            new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName(grant.name())
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", grant.name())
                .addNewSubject()
                .withKind("ServiceAccount")
                .withNamespace(serviceAccount.namespace())
                .withName(serviceAccount.name())
                .endSubject()
                .build())
        .create();
    await(
        "the rights of " + serviceAccount.username(),
        () -> attributes(grant).stream().allMatch(right -> isAllowed(serviceAccount, right)));
    return grant;
  }

  /** As {@link #grant(TestServiceAccount, PolicyRule...)}, to a pod's service account. */
  public Grant grant(TestPod pod, PolicyRule... rules) {
    return grant(pod.serviceAccount(), rules);
  }

  /**
   * Takes rights back; they are gone on return.
   *
   * @throws IllegalStateException if the service account has one of them from elsewhere, too
   */
  public void revoke(Grant grant) {
    admin().rbac().clusterRoleBindings().withName(grant.name()).delete();
    admin().rbac().clusterRoles().withName(grant.name()).delete();
    await(
        "the end of the rights of " + grant.serviceAccount().username(),
        () ->
            attributes(grant).stream()
                .noneMatch(right -> isAllowed(grant.serviceAccount(), right)));
  }

  /** The token that a kubelet would mount: bound to the Pod, for the API server, for an hour. */
  public String tokenFor(TestPod pod) {
    return tokenFor(pod, Duration.ofHours(1));
  }

  /**
   * A token that is bound to the Pod.
   *
   * @param lifetime 10 min or more
   */
  public String tokenFor(TestPod pod, Duration lifetime) {
    return admin()
        .serviceAccounts()
        .inNamespace(pod.namespace())
        .withName(pod.serviceAccount().name())
        .tokenRequest(
            new TokenRequestBuilder()
                .withNewSpec()
                .withExpirationSeconds(lifetime.toSeconds())
                .withNewBoundObjectRef()
                .withApiVersion("v1")
                .withKind("Pod")
                .withName(pod.name())
                .withUid(pod.uid())
                .endBoundObjectRef()
                .endSpec()
                .build())
        .getStatus()
        .getToken();
  }

  /** A token of the service account that is bound to nothing, for an hour. */
  public String tokenFor(TestServiceAccount serviceAccount) {
    return admin()
        .serviceAccounts()
        .inNamespace(serviceAccount.namespace())
        .withName(serviceAccount.name())
        .tokenRequest(
            new TokenRequestBuilder().withNewSpec().withExpirationSeconds(3600L).endSpec().build())
        .getStatus()
        .getToken();
  }

  /** A client that acts as the Pod, with a token that is bound to it; do not close it. */
  public KubernetesClient clientFor(TestPod pod) {
    return controlPlane.newClient(controlPlane.configFor(tokenFor(pod)));
  }

  /** A client that acts as the service account, with a token that is bound to no Pod. */
  public KubernetesClient clientFor(TestServiceAccount serviceAccount) {
    return controlPlane.newClient(controlPlane.configFor(tokenFor(serviceAccount)));
  }

  /** A client like that one, but one that watches with plain HTTP and not with WebSockets. */
  public KubernetesClient withHttpWatches(KubernetesClient client) {
    return controlPlane.newClient(
        new ConfigBuilder(client.getConfiguration()).withOnlyHttpWatches(true).build());
  }

  /**
   * Lays out token, ca.crt and namespace in the folder as a kubelet does under {@code
   * /var/run/secrets/kubernetes.io/serviceaccount}. A second call with the same folder is a
   * rotation: a new token, swapped in at once.
   */
  public ProjectedVolume mountedServiceAccount(TestPod pod, Path folder) {
    try {
      ProjectedVolume volume = ProjectedVolume.at(folder);
      volume.write(
          Map.of(
              "token", tokenFor(pod),
              "ca.crt", Files.readString(controlPlane.caCertificate()),
              "namespace", pod.namespace()));
      return volume;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** EndpointSlices leave out Pods whose Node is unknown. */
  void createNode() {
    admin()
        .resource(
            new NodeBuilder().withNewMetadata().withName(ControlPlane.NODE).endMetadata().build())
        .create();
  }

  private boolean isAllowed(TestServiceAccount account, ResourceAttributes right) {
    SubjectAccessReview review =
        new SubjectAccessReviewBuilder()
            .withNewSpec()
            .withUser(account.username())
            .withGroups(account.groups())
            .withResourceAttributes(right)
            .endSpec()
            .build();
    return admin()
        .authorization()
        .v1()
        .subjectAccessReview()
        .create(review)
        .getStatus()
        .getAllowed();
  }

  private static List<ResourceAttributes> attributes(Grant grant) {
    List<ResourceAttributes> rights = new ArrayList<>();
    for (PolicyRule rule : grant.rules()) {
      List<String> names =
          rule.getResourceNames().isEmpty() ? List.of("") : rule.getResourceNames();
      for (String group : rule.getApiGroups()) {
        for (String resource : rule.getResources()) {
          String[] parts = resource.split("/", 2);
          for (String verb : rule.getVerbs()) {
            for (String name : names) {
              rights.add(
                  new ResourceAttributesBuilder()
                      .withGroup(group)
                      .withResource(parts[0])
                      .withSubresource(parts.length == 2 ? parts[1] : "")
                      .withVerb(verb)
                      .withName(name)
                      .build());
            }
          }
        }
      }
    }
    return rights;
  }

  private static String randomName(String prefix) {
    return prefix + "-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("still missing after " + LIMIT.toSeconds() + " s: " + what);
      }
      LockSupport.parkNanos(5_000_000);
    }
  }
}
