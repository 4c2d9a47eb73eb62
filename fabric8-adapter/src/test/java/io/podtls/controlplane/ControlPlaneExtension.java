package io.podtls.controlplane;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** What {@link RequiresControlPlane} does. */
final class ControlPlaneExtension
    implements ExecutionCondition,
        BeforeAllCallback,
        BeforeTestExecutionCallback,
        ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(ControlPlaneExtension.class);

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    if (context.getTestMethod().isEmpty()
        && ControlPlane.binaries() instanceof Binaries.Absent absent) {
      report(context).leftOut(context.getRequiredTestClass().getName(), absent.reason());
      if (!Boolean.parseBoolean(System.getenv("CI"))) {
        return ConditionEvaluationResult.disabled(absent.reason());
      }
    }
    return ConditionEvaluationResult.enabled("");
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    ControlPlane.shared(options(context));
  }

  @Override
  public void beforeTestExecution(ExtensionContext context) {
    report(context).ran();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == ControlPlane.class || type == Cluster.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    ControlPlane controlPlane = ControlPlane.shared(options(context));
    return parameter.getParameter().getType() == Cluster.class
        ? controlPlane.cluster()
        : controlPlane;
  }

  private static ControlPlaneOptions options(ExtensionContext context) {
    String version =
        AnnotationSupport.findAnnotation(
                context.getRequiredTestClass(),
                RequiresControlPlane.class,
                context.getEnclosingTestClasses())
            .map(RequiresControlPlane::emulatedVersion)
            .orElse("");
    ControlPlaneOptions options = ControlPlaneOptions.defaults();
    return version.isEmpty() ? options : options.emulatedVersion(version);
  }

  /** JUnit closes it after the last test of all. */
  private static ControlPlaneReport report(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .computeIfAbsent(
            ControlPlaneReport.class, key -> new ControlPlaneReport(), ControlPlaneReport.class);
  }
}
