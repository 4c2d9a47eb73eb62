/** Who may be at the other end of a connection, by the names in its certificate. */
@NullMarked
package io.podtls.peer;

import org.jspecify.annotations.NullMarked;
