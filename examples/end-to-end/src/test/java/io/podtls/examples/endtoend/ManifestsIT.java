package io.podtls.examples.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.FieldValidateable.Validation;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@RequiresControlPlane
@DisplayName("the manifests")
class ManifestsIT {
  private final KubernetesClient admin;
  private final Manifests manifests;

  ManifestsIT(Cluster cluster) {
    this.admin = cluster.admin();
    this.manifests = new Manifests(admin);
  }

  @BeforeEach
  void namespacesAreThere() {
    manifests.applyNamespaces();
  }

  static List<String> files() {
    return Manifests.files();
  }

  @ParameterizedTest
  @MethodSource("files")
  @DisplayName("are accepted by the API server as they are, unknown fields refused")
  void pass(String file) {
    List<HasMetadata> objects = manifests.objects(file);

    assertThat(objects).isNotEmpty();
    for (HasMetadata object : objects) {
      HasMetadata accepted =
          admin
              .resource(object)
              .dryRun()
              .fieldValidation(Validation.STRICT)
              .forceConflicts()
              .serverSideApply();
      assertThat(accepted.getMetadata().getName()).isEqualTo(object.getMetadata().getName());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"signer.yaml", "server.yaml", "client.yaml"})
  @DisplayName("make pods that the namespaces' restricted pod security admits")
  void podsAreRestricted(String file) {
    manifests
        .objects(file)
        .forEach(
            object -> {
              if (object instanceof ServiceAccount) {
                admin.resource(object).forceConflicts().serverSideApply();
              }
            });
    for (HasMetadata object : manifests.objects(file)) {
      if (object instanceof Deployment deployment) {
        Pod pod =
            new PodBuilder()
                .withNewMetadataLike(deployment.getSpec().getTemplate().getMetadata())
                .withName(deployment.getMetadata().getName() + "-x")
                .withNamespace(deployment.getMetadata().getNamespace())
                .endMetadata()
                .withSpec(deployment.getSpec().getTemplate().getSpec())
                .build();

        assertThat(admin.resource(pod).dryRun().create().getSpec().getContainers()).hasSize(1);
      }
    }
  }

  @Test
  @DisplayName("select the server's pods by the Service whose name is asked for")
  void serviceSelectsTheServer() {
    List<HasMetadata> objects = manifests.objects("server.yaml");
    Service service = only(objects, Service.class);
    Deployment deployment = only(objects, Deployment.class);

    assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
        .containsAllEntriesOf(service.getSpec().getSelector());
    assertThat(manifests.arguments("server.yaml"))
        .containsSequence("--service", service.getMetadata().getName());
  }

  @Test
  @DisplayName("give away no right on all signers, no wildcard and no delete")
  void rightsAreNarrow() {
    List<PolicyRule> rules =
        manifests.objects().stream()
            .filter(ClusterRole.class::isInstance)
            .flatMap(role -> ((ClusterRole) role).getRules().stream())
            .toList();

    assertThat(rules)
        .isNotEmpty()
        .allSatisfy(
            rule -> {
              assertThat(rule.getVerbs())
                  .doesNotContain("*", "delete", "patch", "deletecollection");
              assertThat(rule.getResources()).doesNotContain("*");
              if (rule.getResources().contains("signers")) {
                assertThat(rule.getResourceNames()).containsExactly("example.com/serving");
              }
            });
  }

  @Test
  @DisplayName("let the server drain before it is killed, and probe it before it counts as ready")
  void serverStopsGracefully() {
    PodSpec pod = manifests.deployment("server.yaml").getSpec().getTemplate().getSpec();
    Container container = pod.getContainers().get(0);

    assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThan(5 + 1);
    assertThat(container.getReadinessProbe().getPeriodSeconds()).isLessThanOrEqualTo(2);
    assertThat(
            container.getStartupProbe().getPeriodSeconds()
                * container.getStartupProbe().getFailureThreshold())
        .isGreaterThan(120);
  }

  @ParameterizedTest
  @ValueSource(strings = {"signer.yaml", "server.yaml", "client.yaml"})
  @DisplayName("restrict who reaches the pods by a NetworkPolicy that selects them")
  void podsHavePolicies(String file) {
    NetworkPolicy policy = only(manifests.objects(file), NetworkPolicy.class);

    assertThat(policy.getSpec().getPolicyTypes()).containsExactly("Ingress");
    assertThat(manifests.deployment(file).getSpec().getTemplate().getMetadata().getLabels())
        .containsAllEntriesOf(policy.getSpec().getPodSelector().getMatchLabels());
  }

  private static <T> T only(List<HasMetadata> objects, Class<T> type) {
    return objects.stream().filter(type::isInstance).map(type::cast).findFirst().orElseThrow();
  }
}
