package io.podtls.testing;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Passes a {@link TestAuthority} to the tests of a class annotated with
 * {@code @ExtendWith(PodTlsExtension.class)}, and closes it.
 *
 * <p>A {@code @BeforeAll} method or a constructor of a class with one instance for all tests gets
 * the authority of the class, which its tests then share. Otherwise each test has its own, shared
 * with its {@code @BeforeEach} and {@code @AfterEach} methods.
 *
 * <p><b>Thread safety:</b> safe for use by tests that run in parallel.
 */
public final class PodTlsExtension
    implements ParameterResolver, AfterEachCallback, AfterAllCallback {

  private static final Namespace NAMESPACE = Namespace.create(PodTlsExtension.class);

  /** For JUnit. */
  public PodTlsExtension() {}

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == TestAuthority.class;
  }

  @Override
  public TestAuthority resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Store store = context.getStore(NAMESPACE);
    TestAuthority present = store.get(TestAuthority.class, TestAuthority.class);
    if (present == null) {
      present = TestAuthority.create();
      store.put(TestAuthority.class, present);
    }
    return present;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    close(context);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    close(context);
  }

  private static void close(ExtensionContext context) {
    TestAuthority mine =
        context.getStore(NAMESPACE).remove(TestAuthority.class, TestAuthority.class);
    if (mine != null) {
      mine.close();
    }
  }
}
