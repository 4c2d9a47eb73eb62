/** TLS for embedded Tomcat. */
@NullMarked
package io.podtls.tomcat;

import org.jspecify.annotations.NullMarked;
