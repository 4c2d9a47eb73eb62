package io.podtls.testing;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The signatures that a module's users can see, as text to check in and compare. */
public final class ApiDump {

  private static final String UPDATE = "podtls.api.update";

  private ApiDump() {}

  /** The public types in these packages of a folder of classes, nested ones included. */
  public static List<Class<?>> publicTypes(Path classes, Set<String> packages) throws Exception {
    List<Class<?>> types = new ArrayList<>();
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).sorted().toList()) {
        String name =
            classes.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
        if (name.endsWith("-info")) {
          continue;
        }
        Class<?> type = Class.forName(name, false, ApiDump.class.getClassLoader());
        if (packages.contains(type.getPackageName()) && isPublicAllTheWay(type)) {
          types.add(type);
        }
      }
    }
    return types;
  }

  /** Whether a type and all types around it are public. */
  public static boolean isPublicAllTheWay(Class<?> type) {
    for (Class<?> each = type; each != null; each = each.getEnclosingClass()) {
      if (!Modifier.isPublic(each.getModifiers())) {
        return false;
      }
    }
    return !type.isAnonymousClass() && !type.isLocalClass();
  }

  /** Whether a member with these modifiers is for users. */
  public static boolean isShown(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  /**
   * Compares the types' signatures with those checked in.
   *
   * @throws AssertionError if they differ, with the lines that do and with how to update them
   */
  public static void compare(List<Class<?>> types, Path checkedIn, String module)
      throws IOException {
    List<String> now = types.stream().flatMap(ApiDump::lines).toList();
    if (Boolean.getBoolean(UPDATE)) {
      Files.write(checkedIn, now);
      return;
    }
    List<String> before = Files.exists(checkedIn) ? Files.readAllLines(checkedIn) : List.of();
    if (now.equals(before)) {
      return;
    }
    throw new AssertionError(
        "the public API is not the one in "
            + checkedIn
            + ":\n"
            + without(before, now, "- ")
            + without(now, before, "+ ")
            + "If that is intended, run\n  mvn -pl "
            + module
            + " -am test -Dtest=PublicApi*Test -Dsurefire.failIfNoSpecifiedTests=false -D"
            + UPDATE
            + "=true\nand commit the file, with a line in CHANGELOG.md.");
  }

  private static String without(List<String> lines, List<String> others, String mark) {
    Set<String> left = new LinkedHashSet<>(lines);
    left.removeAll(new LinkedHashSet<>(others));
    return left.stream().map(line -> mark + line + "\n").collect(Collectors.joining());
  }

  private static Stream<String> lines(Class<?> type) {
    List<String> members = new ArrayList<>();
    for (Field field : type.getDeclaredFields()) {
      if (isShown(field.getModifiers()) && !field.isSynthetic()) {
        members.add(
            modifiers(field.getModifiers()) + name(field.getGenericType()) + " " + field.getName());
      }
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (isShown(constructor.getModifiers()) && !constructor.isSynthetic()) {
        members.add(signature(constructor, "new"));
      }
    }
    for (Method method : type.getDeclaredMethods()) {
      if (isShown(method.getModifiers()) && !method.isSynthetic()) {
        members.add(
            signature(method, name(method.getGenericReturnType()) + " " + method.getName()));
      }
    }
    return Stream.concat(
        Stream.of(header(type)), members.stream().sorted().map(member -> "  " + member));
  }

  private static String header(Class<?> type) {
    String kind =
        type.isAnnotation()
            ? "@interface "
            : type.isInterface()
                ? "interface "
                : type.isEnum() ? "enum " : type.isRecord() ? "record " : "class ";
    int shown = type.getModifiers() & ~Modifier.INTERFACE;
    shown &= type.isInterface() ? ~(Modifier.ABSTRACT | Modifier.STATIC) : ~0;
    shown &= type.isEnum() || type.isRecord() ? ~(Modifier.FINAL | Modifier.STATIC) : ~0;
    Type parent = type.getGenericSuperclass();
    String components =
        type.isRecord()
            ? Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getGenericType)
                .map(ApiDump::name)
                .collect(Collectors.joining(", ", "(", ")"))
            : "";
    return modifiers(shown)
        + (type.isSealed() ? "sealed " : "")
        + kind
        + type.getName()
        + typeParameters(type.getTypeParameters())
        + components
        + (parent == null
                || kind.equals("enum ")
                || kind.equals("record ")
                || parent == Object.class
            ? ""
            : " extends " + name(parent))
        + joined(" implements ", type.getGenericInterfaces());
  }

  private static String signature(Executable executable, String name) {
    return modifiers(executable.getModifiers() & ~(Modifier.VOLATILE | Modifier.TRANSIENT))
        + (executable instanceof Method method && method.isDefault() ? "default " : "")
        + typeParameters(executable.getTypeParameters())
        + name
        + Arrays.stream(executable.getGenericParameterTypes())
            .map(ApiDump::name)
            .collect(Collectors.joining(", ", "(", ")"))
        + (executable.isVarArgs() ? "..." : "")
        + joined(" throws ", executable.getGenericExceptionTypes());
  }

  private static String modifiers(int modifiers) {
    int shown = modifiers & ~(Modifier.SYNCHRONIZED | Modifier.NATIVE | Modifier.STRICT);
    return shown == 0 ? "" : Modifier.toString(shown) + " ";
  }

  private static String typeParameters(TypeVariable<?>[] parameters) {
    return parameters.length == 0
        ? ""
        : Arrays.stream(parameters)
            .map(
                parameter ->
                    parameter.getName()
                        + Arrays.stream(parameter.getBounds())
                            .filter(bound -> bound != Object.class)
                            .map(bound -> " extends " + name(bound))
                            .collect(Collectors.joining()))
            .collect(Collectors.joining(", ", "<", "> "));
  }

  private static String joined(String before, Type[] types) {
    return types.length == 0
        ? ""
        : Arrays.stream(types).map(ApiDump::name).collect(Collectors.joining(", ", before, ""));
  }

  private static String name(Type type) {
    return type.getTypeName();
  }
}
