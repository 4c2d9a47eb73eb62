package io.podtls.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.PodTls;
import io.podtls.request.CertificateRequest;
import io.podtls.testing.ApiDump;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PublicApiTest {

  private static final Path CLASSES = classes();
  private static final ModuleDescriptor MODULE = module();
  private static final Set<String> EXPORTED =
      MODULE.exports().stream()
          .filter(exported -> !exported.isQualified())
          .map(ModuleDescriptor.Exports::source)
          .collect(Collectors.toSet());

  /**
   * Callbacks, whose arguments only the library passes; what signers and sources report, in the
   * order of a condition's fields; and pairs whose wrong order is refused.
   */
  private static final Set<String> EXCUSED =
      Set.of(
          "PodTlsListener.issued",
          "PodTlsListener.renewed",
          "PodTlsListener.trustChanged",
          "CertificateDeniedException.new",
          "CertificateFailedException.new",
          "InvalidMaterialException.new",
          "Denied.new",
          "Failed.new",
          "IdentityFiles.pair",
          "PodEnvironment.detect",
          "RenewalPolicy.between");

  @Test
  @DisplayName("public signatures show only java.*, javax.* and exported types of our own")
  void signaturesShowOnlyTheJdkAndUs() throws Exception {
    List<String> strangers = new ArrayList<>();
    for (Class<?> type : publicTypes()) {
      for (Type shown : shownBy(type)) {
        if (!isAllowed(shown)) {
          strangers.add(type.getName() + " shows " + shown.getTypeName());
        }
      }
    }
    assertThat(strangers).isEmpty();
  }

  @Test
  @DisplayName("the signatures are those in api.txt, which is checked in")
  void signaturesAreCheckedIn() throws Exception {
    ApiDump.compare(
        publicTypes(), Path.of(System.getProperty("podtls.root"), "core", "api.txt"), "core");
  }

  @Test
  @DisplayName("core has at most 28 public types, and 44 with the nested ones")
  void coreStaysSmall() throws Exception {
    assertThat(publicTypes()).contains(PodTls.class).hasSizeLessThanOrEqualTo(44);
    assertThat(publicTypes().stream().filter(type -> type.getEnclosingClass() == null))
        .hasSizeLessThanOrEqualTo(28);
  }

  @Test
  @DisplayName("a builder has at most ten option methods, inherited ones included")
  void buildersStaySmall() throws Exception {
    assertThat(publicTypes().stream().filter(type -> options(type).size() > 2))
        .as("builders")
        .contains(PodTls.Requesting.class, CertificateRequest.Builder.class)
        .allSatisfy(
            builder ->
                assertThat(options(builder)).as(builder.getName()).hasSizeLessThanOrEqualTo(10));
  }

  /** The names of the methods of a class that return a builder of its own type. */
  private static Set<String> options(Class<?> type) {
    return Arrays.stream(type.getMethods())
        .filter(method -> !method.isSynthetic() && !Modifier.isStatic(method.getModifiers()))
        .filter(method -> method.getReturnType().isAssignableFrom(type))
        .filter(method -> method.getReturnType() != Object.class)
        .map(Method::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  @DisplayName("what an application passes is never an Optional, and no two neighbours of one type")
  void parametersCannotBeConfused() throws Exception {
    List<String> wrong = new ArrayList<>();
    for (Class<?> type : publicTypes()) {
      Stream.of(type.getDeclaredMethods(), type.getDeclaredConstructors())
          .flatMap(Stream::of)
          .filter(member -> ApiDump.isShown(member.getModifiers()) && !member.isSynthetic())
          .filter(PublicApiTest::isConfusing)
          .map(member -> type.getSimpleName() + "." + simpleName(member))
          .filter(member -> !EXCUSED.contains(member))
          .distinct()
          .forEach(wrong::add);
    }
    assertThat(wrong).isEmpty();
  }

  private static String simpleName(Executable member) {
    return member instanceof Constructor ? "new" : member.getName();
  }

  private static boolean isConfusing(Executable member) {
    Class<?>[] parameters = member.getParameterTypes();
    for (int i = 0; i < parameters.length; i++) {
      boolean optional = parameters[i].getName().startsWith("java.util.Optional");
      if (optional || (i > 0 && parameters[i] == parameters[i - 1])) {
        return true;
      }
    }
    return false;
  }

  @Test
  @DisplayName("no public type is named after what it is not")
  void namesAreTheFieldsWords() throws Exception {
    assertThat(publicTypes())
        .extracting(Class::getSimpleName)
        .noneMatch(name -> name.matches(".*(Utils?|Helper|Impl|Manager)|(Generic|Default).*"));
  }

  private static List<Class<?>> publicTypes() throws Exception {
    return ApiDump.publicTypes(CLASSES, EXPORTED);
  }

  private static List<Type> shownBy(Class<?> type) {
    List<Type> shown = new ArrayList<>(Arrays.asList(type.getGenericInterfaces()));
    if (type.getGenericSuperclass() != null) {
      shown.add(type.getGenericSuperclass());
    }
    for (Field field : type.getDeclaredFields()) {
      if (ApiDump.isShown(field.getModifiers())) {
        shown.add(field.getGenericType());
      }
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      addSignature(constructor, shown);
    }
    for (Method method : type.getDeclaredMethods()) {
      if (!method.isSynthetic()) {
        addSignature(method, shown);
        if (ApiDump.isShown(method.getModifiers())) {
          shown.add(method.getGenericReturnType());
        }
      }
    }
    return shown;
  }

  private static void addSignature(Executable executable, List<Type> shown) {
    if (ApiDump.isShown(executable.getModifiers())) {
      shown.addAll(Arrays.asList(executable.getGenericParameterTypes()));
      shown.addAll(Arrays.asList(executable.getGenericExceptionTypes()));
    }
  }

  private static boolean isAllowed(Type type) {
    if (type instanceof ParameterizedType parameterized) {
      return isAllowed(parameterized.getRawType())
          && Arrays.stream(parameterized.getActualTypeArguments())
              .allMatch(PublicApiTest::isAllowed);
    }
    if (type instanceof WildcardType wildcard) {
      return Stream.of(wildcard.getUpperBounds(), wildcard.getLowerBounds())
          .flatMap(Arrays::stream)
          .allMatch(PublicApiTest::isAllowed);
    }
    if (type instanceof GenericArrayType array) {
      return isAllowed(array.getGenericComponentType());
    }
    if (type instanceof TypeVariable) {
      return true;
    }
    Class<?> raw = (Class<?>) type;
    if (raw.isArray()) {
      return isAllowed(raw.getComponentType());
    }
    return raw.isPrimitive()
        || raw.getName().startsWith("java.")
        || raw.getName().startsWith("javax.")
        || (EXPORTED.contains(raw.getPackageName()) && ApiDump.isPublicAllTheWay(raw));
  }

  private static Path classes() {
    try {
      URI location = PodTls.class.getProtectionDomain().getCodeSource().getLocation().toURI();
      return Path.of(location);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static ModuleDescriptor module() {
    try (InputStream in = Files.newInputStream(CLASSES.resolve("module-info.class"))) {
      return ModuleDescriptor.read(in);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
