// Opens a report as its readers do, and prints what they meet there as JSON.
// node look.mjs CHROMIUM FILE
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, file] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const url = pathToFileURL(file).href;
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
const seen = { violations: [], errors: [], wide: [] };

// What axe finds, on a screen and on a phone, in either colour scheme. Its script is let past the policy of the page.
for (const [colorScheme, width] of [["light", 1280], ["dark", 390]]) {
  const page = await browser.newPage({ bypassCSP: true, colorScheme, viewport: { width, height: 900 } });
  await page.goto(url);
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const each of violations) {
    seen.violations.push(`${colorScheme} ${width}: ${each.id}: ${each.nodes[0].html.slice(0, 200)}`);
  }
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) seen.wide.push(`${width}: ${over}`);
  await page.close();
}

// With scripts, under the policy of the page.
const page = await browser.newPage();
page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
page.on("pageerror", (error) => seen.errors.push(String(error)));
page.on("request", (request) => request.url() !== url && seen.errors.push(`fetched ${request.url()}`));
await page.goto(url);
const shown = () => page.locator("article:visible").count();
seen.articles = await shown();
await page.keyboard.press("/");
await page.keyboard.type("limit=2");
await page.locator(".told:not(:empty)").waitFor();
seen.found = { articles: await shown(), told: await page.locator(".told").textContent() };
await page.keyboard.press("Escape");
seen.afterwards = await shown();
await page.locator("pre.command:visible + button").first().click();
await page.locator(".copy", { hasText: /Copied|Selected/ }).first().waitFor();
await page.getByRole("button", { name: "Unfold all" }).click();
seen.folded = await page.locator("details:not([open])").count();
await page.getByRole("button", { name: "Fold all" }).click();
await page.emulateMedia({ media: "print" });
seen.printed = { passes: await page.locator("#pass").isVisible(), failures: await page.locator("#fail").isVisible() };

// Without scripts.
const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
await plain.goto(url);
seen.withoutScripts = await plain.locator("article:visible").count();

await browser.close();
console.log(JSON.stringify(seen));
