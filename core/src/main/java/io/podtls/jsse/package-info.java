/** What the library adds to JSSE's managers and contexts, each once. Not exported. */
@NullMarked
package io.podtls.jsse;

import org.jspecify.annotations.NullMarked;
