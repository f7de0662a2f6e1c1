// Owns the axe run of a step: what is wrong with a page for those who do not see it, in a sentence each.
import { AxeBuilder } from '@axe-core/playwright';

/** No page shows frames of other sites, so axe needs no page of its own to put their results together: it is done in half the time. */
export async function axe(page, name) {
  // Nothing can be run inside of a message that is previewed, axe included.
  const iframes = await page.locator('iframe.mail').count() === 0;
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).options({ iframes, resultTypes: ['violations'] }).analyze();
  return violations.map(({ id, impact, nodes }) => `${name}: axe ${id} (${impact}) at ${nodes[0].target.join(' ')}`);
}
