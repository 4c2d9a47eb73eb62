package io.podtls.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.PodTls;
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
  @DisplayName("core has at most 28 public types")
  void coreHasFewPublicTypes() throws Exception {
    List<String> names =
        publicTypes().stream()
            .filter(type -> type.getEnclosingClass() == null)
            .map(Class::getName)
            .toList();
    assertThat(names).as("the walk finds the types").contains(PodTls.class.getName());
    assertThat(names).hasSizeLessThanOrEqualTo(28);
  }

  @Test
  @DisplayName("a builder has at most ten option methods")
  void buildersStaySmall() throws Exception {
    List<Class<?>> builders =
        publicTypes().stream().filter(type -> type.getSimpleName().equals("Builder")).toList();
    assertThat(builders).isNotEmpty();
    for (Class<?> builder : builders) {
      Set<String> options =
          Arrays.stream(builder.getDeclaredMethods())
              .filter(method -> Modifier.isPublic(method.getModifiers()))
              .filter(method -> method.getReturnType() == builder)
              .map(Method::getName)
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(options).as(builder.getName()).hasSizeLessThanOrEqualTo(10);
    }
  }

  @Test
  @DisplayName("no public type is named after what it is not")
  void namesAreTheFieldsWords() throws Exception {
    assertThat(publicTypes())
        .extracting(Class::getSimpleName)
        .noneMatch(name -> name.matches(".*(Utils?|Helper|Impl|Manager)|(Generic|Default).*"));
  }

  private static List<Class<?>> publicTypes() throws Exception {
    try (Stream<Path> files = Files.walk(CLASSES)) {
      List<Class<?>> types = new ArrayList<>();
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).sorted().toList()) {
        String name =
            CLASSES.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
        if (name.endsWith("-info")) {
          continue;
        }
        Class<?> type = Class.forName(name, false, PodTls.class.getClassLoader());
        if (EXPORTED.contains(type.getPackageName()) && isPublicAllTheWay(type)) {
          types.add(type);
        }
      }
      return types;
    }
  }

  private static boolean isPublicAllTheWay(Class<?> type) {
    for (Class<?> each = type; each != null; each = each.getEnclosingClass()) {
      if (!Modifier.isPublic(each.getModifiers())) {
        return false;
      }
    }
    return !type.isAnonymousClass() && !type.isLocalClass();
  }

  private static List<Type> shownBy(Class<?> type) {
    List<Type> shown = new ArrayList<>(Arrays.asList(type.getGenericInterfaces()));
    if (type.getGenericSuperclass() != null) {
      shown.add(type.getGenericSuperclass());
    }
    for (Field field : type.getDeclaredFields()) {
      if (isShown(field.getModifiers())) {
        shown.add(field.getGenericType());
      }
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      addSignature(constructor, shown);
    }
    for (Method method : type.getDeclaredMethods()) {
      if (!method.isSynthetic()) {
        addSignature(method, shown);
        if (isShown(method.getModifiers())) {
          shown.add(method.getGenericReturnType());
        }
      }
    }
    return shown;
  }

  private static void addSignature(Executable executable, List<Type> shown) {
    if (isShown(executable.getModifiers())) {
      shown.addAll(Arrays.asList(executable.getGenericParameterTypes()));
      shown.addAll(Arrays.asList(executable.getGenericExceptionTypes()));
    }
  }

  private static boolean isShown(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
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
        || (EXPORTED.contains(raw.getPackageName()) && isPublicAllTheWay(raw));
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
