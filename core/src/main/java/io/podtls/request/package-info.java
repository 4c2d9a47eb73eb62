/** What a workload asks for: signer, names, usages, lifetime and key algorithm. */
@NullMarked
package io.podtls.request;

import org.jspecify.annotations.NullMarked;
