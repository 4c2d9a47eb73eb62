package io.podtls.controlplane;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The tests of this class run on a real control plane, which all such classes of the JVM share.
 * Test methods, constructors and lifecycle methods may have parameters of the types {@link Cluster}
 * and {@link ControlPlane}.
 *
 * <p>On a machine without the control plane's binaries and without Go to build them the class is
 * skipped, and one line at the end says so. With the environment variable {@code CI=true} that is a
 * failure instead.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@ExtendWith(ControlPlaneExtension.class)
public @interface RequiresControlPlane {
  /** A Kubernetes release such as 1.34 that the servers shall behave as; empty for their own. */
  String emulatedVersion() default "";
}
