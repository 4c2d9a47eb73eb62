package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ApprovalApiTest {

  private static final List<Class<?>> PUBLIC =
      List.of(
          ApprovalDecision.class,
          ApprovalListener.class,
          ApprovalPolicy.class,
          ApproverStatus.class,
          CertificateApprover.class,
          CertificateSigningRequests.class,
          NameRule.class,
          Pkcs10Content.class,
          PodBoundPolicy.class,
          RequestDescription.class,
          Requester.class,
          RequestId.class,
          RequestWatch.class,
          ReviewedRequest.class,
          ServiceNameForm.class,
          WatchedRequest.class);

  @Test
  @DisplayName(
      "public signatures show the JDK's types, ours and the Kubernetes client's, and nothing else")
  void showsNoOtherTypes() {
    List<String> shown = new ArrayList<>();
    Deque<Class<?>> types = new ArrayDeque<>(PUBLIC);
    while (!types.isEmpty()) {
      Class<?> type = types.remove();
      Arrays.stream(type.getDeclaredClasses())
          .filter(nested -> Modifier.isPublic(nested.getModifiers()))
          .forEach(types::add);
      for (Method method : type.getDeclaredMethods()) {
        if (Modifier.isPublic(method.getModifiers()) && !method.isSynthetic()) {
          shown.add(method.getGenericReturnType().getTypeName());
          names(method.getGenericParameterTypes()).forEach(shown::add);
        }
      }
      for (Constructor<?> constructor : type.getConstructors()) {
        names(constructor.getGenericParameterTypes()).forEach(shown::add);
      }
    }

    assertThat(shown)
        .isNotEmpty()
        .allMatch(
            name ->
                name.matches("[a-z]+")
                    || Stream.of("java.", "javax.security.", "io.podtls.", "io.fabric8.")
                        .anyMatch(name::startsWith));
    assertThat(shown).noneMatch(name -> name.contains("bouncycastle"));
  }

  private static Stream<String> names(Type[] types) {
    return Arrays.stream(types).map(Type::getTypeName);
  }
}
