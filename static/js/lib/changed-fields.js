/** Finds what a form has changed, so that the rest keeps what others set meanwhile. Pure. */

/**
 * Return the fields of `after` that differ from those of `before`.
 * @template {Record<string, string | number | boolean>} Values
 * @param {Values} before
 * @param {Values} after
 * @returns {Partial<Values>}
 */
export function changedFields(before, after) {
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
  return /** @type {Partial<Values>} */ (Object.fromEntries(changed));
}
