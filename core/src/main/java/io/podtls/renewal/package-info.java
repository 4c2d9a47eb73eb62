/** When to renew, and when to try again. */
@NullMarked
package io.podtls.renewal;

import org.jspecify.annotations.NullMarked;
