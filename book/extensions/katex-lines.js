// Answers each line of JSON, a formula and its options, by a line of JSON: its HTML or an error. Ends when its input ends.
const katex = require(process.argv[2]);
require("readline").createInterface({ input: process.stdin }).on("line", line => {
  const { latex, options } = JSON.parse(line);
  let answer;
  try { answer = { html: katex.renderToString(latex, options) }; } catch (error) { answer = { error: error.message }; }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
