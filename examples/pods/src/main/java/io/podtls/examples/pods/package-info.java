/**
 * Programs that run in the pods of this module's tests: servers, and the load that is put on them.
 */
@NullMarked
package io.podtls.examples.pods;

import org.jspecify.annotations.NullMarked;
