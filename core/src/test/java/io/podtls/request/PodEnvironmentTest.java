package io.podtls.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("PodEnvironment")
class PodEnvironmentTest {

  @TempDir private Path directory;

  private PodEnvironment detect(Map<String, String> environment) {
    return PodEnvironment.detect(environment, directory, directory.resolve("resolv.conf"));
  }

  private void write(String file, String content) throws Exception {
    Files.writeString(directory.resolve(file), content);
  }

  @Test
  @DisplayName("takes what the downward API put into variables")
  void takesWhatTheDownwardApiGives() throws Exception {
    PodEnvironment pod =
        detect(
            Map.of(
                "POD_NAMESPACE", "shop",
                "POD_NAME", "orders-7f9",
                "POD_UID", "0b5c7a3e-1",
                "POD_IP", "10.1.2.3",
                "POD_SERVICE_ACCOUNT", "orders",
                "NODE_NAME", "node-1"));

    assertThat(pod.namespace()).isEqualTo("shop");
    assertThat(pod.podName()).contains("orders-7f9");
    assertThat(pod.podUid()).contains("0b5c7a3e-1");
    assertThat(pod.ip()).isEqualTo(InetAddress.getByName("10.1.2.3"));
    assertThat(pod.serviceAccount()).contains("orders");
    assertThat(pod.nodeName()).contains("node-1");
    assertThat(pod)
        .hasToString(
            "PodEnvironment[namespace=shop, pod=orders-7f9, uid=0b5c7a3e-1, addresses=[10.1.2.3],"
                + " serviceAccount=orders, node=node-1, clusterDomain=cluster.local]");
  }

  @Test
  @DisplayName("also takes the variables' names of Kubernetes' documentation")
  void takesTheNamesOfTheDocumentation() throws Exception {
    PodEnvironment pod =
        detect(
            Map.of(
                "MY_POD_NAMESPACE", "shop",
                "MY_POD_NAME", "orders-7f9",
                "MY_POD_IP", "10.1.2.3",
                "MY_POD_SERVICE_ACCOUNT", "orders",
                "MY_NODE_NAME", "node-1"));

    assertThat(pod.namespace()).isEqualTo("shop");
    assertThat(pod.podName()).contains("orders-7f9");
    assertThat(pod.ip()).isEqualTo(InetAddress.getByName("10.1.2.3"));
    assertThat(pod.serviceAccount()).contains("orders");
    assertThat(pod.nodeName()).contains("node-1");
  }

  @Test
  @DisplayName("takes the namespace of the mounted file where no variable has it")
  void takesTheNamespaceOfTheMountedFile() throws Exception {
    write("namespace", "billing\n");

    assertThat(detect(Map.of()).namespace()).isEqualTo("billing");
    assertThat(detect(Map.of("POD_NAMESPACE", " ")).namespace()).isEqualTo("billing");
    assertThat(detect(Map.of("POD_NAMESPACE", "shop")).namespace()).isEqualTo("shop");
  }

  @Test
  @DisplayName("says where it looked for the namespace when it is asked for and unknown")
  void saysWhereItLookedForTheNamespace() {
    PodEnvironment outside = detect(Map.of());

    assertThatIllegalStateException()
        .isThrownBy(outside::namespace)
        .withMessageContaining(
            "the pod's namespace is unknown: POD_NAMESPACE is not set and there is no "
                + directory.resolve("namespace"))
        .withMessageContaining("fieldPath: metadata.namespace");
  }

  @Test
  @DisplayName("takes HOSTNAME for the pod's name inside a cluster only")
  void takesHostnameForThePodsNameInsideAClusterOnly() {
    assertThat(detect(Map.of("HOSTNAME", "orders-7f9")).podName()).isEmpty();
    assertThat(
            detect(Map.of("HOSTNAME", "orders-7f9", "KUBERNETES_SERVICE_HOST", "10.0.0.1"))
                .podName())
        .contains("orders-7f9");
  }

  @Test
  @DisplayName("has all addresses of a dual-stack pod, the first one first, each once")
  void hasAllAddressesOfADualStackPod() throws Exception {
    PodEnvironment pod =
        detect(Map.of("POD_IP", "2001:db8::3", "POD_IPS", "10.1.2.3,2001:db8:0::3, fe80::1%eth0"));

    assertThat(pod.ip()).isEqualTo(InetAddress.getByName("2001:db8::3"));
    assertThat(pod.ips())
        .containsExactly(
            InetAddress.getByName("2001:db8::3"),
            InetAddress.getByName("10.1.2.3"),
            InetAddress.getByName("fe80::1"));
    assertThat(detect(Map.of("POD_IPS", "10.1.2.3,")).ip())
        .isEqualTo(InetAddress.getByName("10.1.2.3"));
  }

  @Test
  @DisplayName("gives the YAML to add when the address is unknown or empty")
  void givesTheYamlWhenTheAddressIsUnknown() {
    assertThat(detect(Map.of()).ips()).isEmpty();
    for (PodEnvironment pod : List.of(detect(Map.of()), detect(Map.of("POD_IP", "")))) {
      assertThatIllegalStateException()
          .isThrownBy(pod::ip)
          .withMessage(
              """
              the pod's IP is unknown: POD_IP is not set or empty. Add to the container in the manifest:
                env:
                - name: POD_IP
                  valueFrom: {fieldRef: {fieldPath: status.podIP}}
              """);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "::",
        "localhost",
        "example.com",
        "10.1.2",
        "10.1.2.3.4",
        "010.1.2.3",
        "1:2",
        "10.1.2.256",
        "fe80::1::2",
        "$(POD_IP)",
        "10.1.2.3:80"
      })
  @DisplayName("refuses what is no pod's address, without asking a name service")
  void refusesWhatIsNoPodsAddress(String address) {
    PodEnvironment pod = detect(Map.of("POD_IP", address));

    assertThatIllegalStateException()
        .isThrownBy(pod::ip)
        .withMessageContaining("holds \"" + address + "\", which is no pod's address")
        .withMessageContaining("fieldPath: status.podIP");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "search shop.svc.cluster.local svc.cluster.local cluster.local | cluster.local",
        "search shop.svc.k8s.example. svc.k8s.example.                 | k8s.example",
        "search a.example shop.svc.corp                                | corp",
        "'  search\tx.example\tshop.svc.corp'                          | corp",
        "'search shop.svc.old\nsearch shop.svc.new'                    | new",
        "'nameserver 10.0.0.10\n# search shop.svc.x\noptions ndots:5'  | cluster.local",
        "search example.com                                            | cluster.local",
        "search other.svc.corp                                         | cluster.local",
        "search shop.svc.                                              | cluster.local",
        "search shop.svc.UPPER_case                                    | cluster.local",
        "search                                                        | cluster.local",
        "''                                                            | cluster.local",
      })
  @DisplayName("takes the cluster domain from resolv.conf's search list, else the usual one")
  void takesTheClusterDomainFromResolvConf(String resolvConf, String domain) throws Exception {
    write("resolv.conf", resolvConf);

    assertThat(detect(Map.of("POD_NAMESPACE", "shop")).clusterDomain()).isEqualTo(domain);
  }

  @Test
  @DisplayName("takes the cluster domain from CLUSTER_DOMAIN where resolv.conf has none")
  void takesTheClusterDomainFromTheVariable() throws Exception {
    Map<String, String> environment =
        Map.of("POD_NAMESPACE", "shop", "CLUSTER_DOMAIN", "corp.example.");
    assertThat(detect(environment).clusterDomain()).isEqualTo("corp.example");

    write("resolv.conf", "search shop.svc.cluster.local");
    assertThat(detect(environment).clusterDomain()).isEqualTo("cluster.local");
  }

  @Test
  @DisplayName("finds the cluster domain without knowing the namespace")
  void findsTheClusterDomainWithoutTheNamespace() throws Exception {
    write("resolv.conf", "search shop.svc.corp svc.corp corp");

    assertThat(detect(Map.of()).clusterDomain()).isEqualTo("corp");
  }

  @Test
  @DisplayName("survives files that are no text")
  void survivesFilesThatAreNoText() throws Exception {
    byte[] noise = {(byte) 0xff, (byte) 0xfe, 0, 1};
    Files.write(directory.resolve("resolv.conf"), noise);
    Files.write(directory.resolve("namespace"), noise);

    assertThat(detect(Map.of()).clusterDomain()).isEqualTo("cluster.local");
  }

  @Test
  @DisplayName("derives a Service's names, the full ones by default and others on request")
  void derivesTheNamesOfAService() throws Exception {
    write("resolv.conf", "search shop.svc.corp");
    PodEnvironment pod = detect(Map.of("POD_NAMESPACE", "shop", "POD_NAME", "orders-0"));

    assertThat(pod.serviceNames("orders"))
        .extracting(SubjectAlternativeName::toString)
        .containsExactly("DNS:orders.shop.svc", "DNS:orders.shop.svc.corp");
    assertThat(pod.shortServiceNames("orders"))
        .extracting(SubjectAlternativeName::toString)
        .containsExactly("DNS:orders", "DNS:orders.shop");
    assertThat(pod.podNames("orders"))
        .extracting(SubjectAlternativeName::toString)
        .containsExactly("DNS:orders-0.orders.shop.svc", "DNS:orders-0.orders.shop.svc.corp");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Orders", "orders.shop", "*", "orders_a", "-a", "a-"})
  @DisplayName("refuses what is no Service's name")
  void refusesWhatIsNoServicesName(String service) {
    PodEnvironment pod = detect(Map.of("POD_NAMESPACE", "shop"));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> pod.serviceNames(service))
        .withMessageContaining("service \"" + service + "\" is no Service's name");
  }

  @Test
  @DisplayName("needs the pod's name for a StatefulSet's names, and says how to supply it")
  void needsThePodsNameForAStatefulSet() {
    PodEnvironment pod = detect(Map.of("POD_NAMESPACE", "shop"));

    assertThatIllegalStateException()
        .isThrownBy(() -> pod.podNames("orders"))
        .withMessageContaining("fieldPath: metadata.name");
  }

  @Test
  @DisplayName("refuses what is no namespace, naming the variable that holds it")
  void refusesWhatIsNoNamespace() {
    PodEnvironment pod = detect(Map.of("MY_POD_NAMESPACE", "My NS"));

    assertThatIllegalStateException()
        .isThrownBy(pod::namespace)
        .withMessageStartingWith("MY_POD_NAMESPACE holds \"My NS\", which is no namespace");
  }

  @Test
  @DisplayName("reads the real environment without failing, in a pod or not")
  void readsTheRealEnvironment() {
    assertThat(PodEnvironment.detect().clusterDomain()).isNotEmpty();
  }
}
