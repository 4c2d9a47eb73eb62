/** When work is done: a serial task queue, and waits between attempts. */
@NullMarked
package io.podtls.schedule;

import org.jspecify.annotations.NullMarked;
