/**
 * The look of the page. No `style` attribute stands anywhere, since a policy by hash allows none: what differs from place to
 * place are classes and the attributes of SVG.
 */
const colours = `
:root{color-scheme:light dark;
--page:#f6f7f9;--card:#fff;--sunk:#f1f3f6;--ink:#1a1f27;--muted:#586273;--line:#dfe3e9;--accent:#3346c8;--accent-soft:#eceffc;
--good:#16784a;--good-soft:#e3f4ea;--bad:#b4233f;--bad-soft:#fbe7ea;--warn:#8a5a00;--warn-soft:#fcf1d8;--error:#6d3fc0;--error-soft:#efe8fb;--idle:#4a63d8;--quiet:#b6bfcc;
--ins:#cdeedb;--del:#fad2d8;--shadow:0 1px 2px rgb(20 30 50 / .05),0 4px 16px rgb(20 30 50 / .05)}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){
--page:#0e1116;--card:#161b22;--sunk:#1d232c;--ink:#e8ebf0;--muted:#9ba6b6;--line:#2a323d;--accent:#9fb0ff;--accent-soft:#20284a;
--good:#56cf92;--good-soft:#12301f;--bad:#ff8294;--bad-soft:#3b1820;--warn:#e9b94b;--warn-soft:#34280c;--error:#c3a1ff;--error-soft:#2b1f47;--idle:#8397ff;--quiet:#4d5868;
--ins:#1c4a31;--del:#5a222d;--shadow:none}}
:root[data-theme=dark]{color-scheme:dark;
--page:#0e1116;--card:#161b22;--sunk:#1d232c;--ink:#e8ebf0;--muted:#9ba6b6;--line:#2a323d;--accent:#9fb0ff;--accent-soft:#20284a;
--good:#56cf92;--good-soft:#12301f;--bad:#ff8294;--bad-soft:#3b1820;--warn:#e9b94b;--warn-soft:#34280c;--error:#c3a1ff;--error-soft:#2b1f47;--idle:#8397ff;--quiet:#4d5868;
--ins:#1c4a31;--del:#5a222d;--shadow:none}
:root[data-theme=light]{color-scheme:light}
`;

const base = `
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
h1,h2,h3,h4,p,ul,dl,dd,figure,blockquote{margin:0;padding:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{font-size:1.25rem;letter-spacing:-.01em;line-height:1.3}
h3,h2.small{font-size:1rem;letter-spacing:0;line-height:1.4;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:2px}
code,pre{font:.9em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{overflow-wrap:anywhere}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext}
ul{list-style:none}
button,select,input{font:inherit;color:inherit}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.muted{color:var(--muted)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px;top:.5rem;padding:.5rem 1rem;background:var(--card);z-index:3}
.skip:focus{left:.5rem}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.error{color:var(--error)}
.layout{display:grid;grid-template-columns:13rem minmax(0,1fr);gap:2rem;max-width:84rem;margin:0 auto;padding:1.75rem 2rem 4rem}
nav{position:sticky;top:1.75rem;align-self:start;max-height:calc(100vh - 3.5rem);overflow:auto;font-size:.92rem}
nav .brand{display:flex;align-items:center;gap:.5rem;font-weight:650;margin:0 0 1rem .6rem;letter-spacing:-.01em}
nav .brand svg{width:1.15rem;height:1.15rem}
nav a{display:flex;justify-content:space-between;gap:.5rem;padding:.3rem .6rem;border-radius:6px;color:var(--muted);text-decoration:none}
nav a:hover{background:var(--sunk);color:var(--ink)}
nav a[aria-current]{background:var(--accent-soft);color:var(--accent);font-weight:600}
nav .n{font-size:.82em}
.theme{margin:1rem .6rem 0;padding:.25rem .6rem;background:none;border:1px solid var(--line);border-radius:6px;color:var(--muted);font-size:.85rem;cursor:pointer}
.theme:hover{color:var(--ink)}
main{min-width:0;display:grid;gap:1.25rem}
section{overflow-wrap:anywhere;min-width:0;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.35rem 1.5rem;box-shadow:var(--shadow);display:grid;gap:1rem;grid-template-columns:minmax(0,1fr)}
.section-head{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:.25rem 1rem}
.aside{color:var(--muted);font-size:.92rem}
.note{color:var(--muted);font-size:.92rem;max-width:75ch}
.sub{display:grid;gap:.6rem;min-width:0}
main,nav,footer{min-width:0}
footer{color:var(--muted);font-size:.87rem;padding:0 .25rem}
`;

const hero = `
.hero{padding:1.6rem 1.5rem 1.5rem;gap:1.1rem}
.eyebrow{font-size:.8rem;font-weight:600;color:var(--muted);letter-spacing:.04em;text-transform:uppercase}
.title{display:flex;flex-wrap:wrap;gap:.5rem .9rem;align-items:center;margin-top:.2rem}
.pill{display:inline-flex;align-items:center;gap:.35rem;padding:.15rem .6rem;border-radius:99px;font-size:.83rem;font-weight:600;background:var(--sunk);color:var(--muted);white-space:nowrap}
.pill.good{background:var(--good-soft);color:var(--good)}.pill.bad{background:var(--bad-soft);color:var(--bad)}.pill.warn{background:var(--warn-soft);color:var(--warn)}
.facts{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;color:var(--muted);font-size:.92rem}
.facts b{color:var(--ink);font-weight:600}
.lead{max-width:75ch}
.notice{border-left:4px solid var(--warn);background:var(--warn-soft);padding:.6rem .9rem;border-radius:0 8px 8px 0;max-width:80ch}
.notice.bad{border-color:var(--bad);background:var(--bad-soft);color:var(--ink)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.75rem}
.card{background:var(--sunk);border-radius:10px;padding:.8rem .95rem;min-width:0;display:grid;align-content:start;gap:.1rem}
.card dt{font-size:.83rem;color:var(--muted)}
.card dd{font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.02em;overflow-wrap:break-word}
.card .said{font-size:.84em}
.card .under{font-size:.83rem;font-weight:400;color:var(--muted);letter-spacing:0}
.card .whisker{max-width:none;margin-top:.3rem}
.findings{display:grid;gap:.45rem}
.findings li{display:grid;grid-template-columns:1.4rem minmax(0,1fr);gap:.35rem;align-items:start}
.findings .sign{font-weight:700;text-align:center;color:var(--warn)}
.links{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;font-size:.92rem}
`;

const charts = `
svg{display:block}
.fill-good{fill:var(--good)}.fill-bad{fill:var(--bad)}.fill-warn{fill:var(--warn)}.fill-error{fill:var(--error)}.fill-idle{fill:var(--idle)}.fill-quiet{fill:var(--quiet)}
.parts svg:not(.key){width:100%;height:1.1rem;border-radius:6px}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin-top:.5rem;font-size:.9rem}
.legend li{display:flex;gap:.35rem;align-items:center}
.key{width:.7rem;height:.7rem;flex:none}
.whisker{width:100%;max-width:16rem;height:auto;overflow:visible}
.whisker .track{stroke:var(--line);stroke-width:2;stroke-linecap:round}
.whisker .range{fill:var(--idle);opacity:.38}.whisker .dot{fill:var(--idle);stroke:var(--card);stroke-width:1.5}
.whisker .range.good{fill:var(--good)}.whisker .dot.good{fill:var(--good)}.whisker .range.bad{fill:var(--bad)}.whisker .dot.bad{fill:var(--bad)}
.whisker .mark{stroke:var(--muted);stroke-width:1.2;stroke-dasharray:2 2}
.share{width:100%;min-width:4rem;height:.5rem;margin-top:.45rem}.share .rail{fill:var(--line)}
.chart{max-width:34rem}
.chart svg{width:100%;height:auto;overflow:visible}
.chart .bar{fill:var(--idle)}.chart .bar:hover{fill:var(--accent)}
.chart .axis{stroke:var(--quiet);stroke-width:1}
.chart text{fill:var(--muted);font-size:10px}
.chart .mark{stroke:var(--ink);stroke-width:1;stroke-dasharray:3 2}.chart .mark-name{fill:var(--ink);font-weight:600}
.numbers{font-size:.87rem}
.numbers summary{color:var(--muted);cursor:pointer;width:max-content;padding:.15rem 0}
.numbers table{width:auto;margin-top:.3rem}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:1rem;align-items:start}
.score{border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem;display:grid;gap:.6rem;align-content:start;min-width:0}
.score-head>*{min-width:0;max-width:100%}
.score-head{display:flex;justify-content:space-between;gap:.75rem;align-items:baseline;flex-wrap:wrap}
.tag,.chip{max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;display:inline-block;vertical-align:bottom}
.tag{font-size:.78rem;color:var(--muted);border:1px solid var(--line);border-radius:5px;padding:0 .4rem;white-space:nowrap}
.figure{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem .7rem}
.figure b{font-size:1.6rem;letter-spacing:-.02em;font-weight:650}
`;

const tables = `
.scroll{position:relative;overflow-x:auto;border-radius:6px}
table{overflow-wrap:break-word;border-collapse:collapse;width:100%;font-size:.92rem}
th,td{padding:.42rem .7rem;text-align:start;vertical-align:top;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{font-size:.83rem;font-weight:600;color:var(--muted);vertical-align:bottom}
tbody th{font-weight:500}
table code{overflow-wrap:break-word}
td,tbody th{max-width:24rem}
.clamp{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;color:var(--muted);font-weight:400;min-width:12rem;overflow-wrap:anywhere}
.nowrap{white-space:nowrap}
.reason{display:block;min-width:13rem;color:var(--muted);font-weight:400;font-size:.94em}
html.live table.brief tbody tr:nth-child(n+11){display:none}
.show-all{justify-self:start;background:none;border:1px solid var(--line);border-radius:7px;padding:.3rem .8rem;color:var(--accent);cursor:pointer}
.number{text-align:end}td.number{white-space:nowrap}
th.number button{flex-direction:row-reverse}
td.text,th.text{min-width:6rem}
thead button{display:inline-flex;gap:.3rem;align-items:center;text-align:inherit;background:none;border:0;padding:0;margin:0;cursor:pointer;font-weight:600;color:inherit}
thead button:hover{color:var(--ink)}
thead button::after{content:"";width:.5em;height:.5em;flex:none;opacity:0;background:currentColor;clip-path:polygon(50% 0,100% 100%,0 100%)}
thead button:hover::after{opacity:.35}
[aria-sort=ascending] button::after{opacity:1}
[aria-sort=descending] button::after{opacity:1;transform:rotate(180deg)}
.rate{display:grid;gap:.1rem;min-width:8.5rem}
.rate .whisker{max-width:11rem}
.matrix{width:auto}
.matrix td{text-align:center;min-width:3.4rem}
.matrix thead th{text-align:center}
.matrix td.none{color:var(--muted)}
${[1, 2, 3, 4, 5, 6]
  .map(
    (heat) =>
      `.right-${heat}{background:color-mix(in srgb,var(--good) ${heat * 6}%,transparent)}.wrong-${heat}{background:color-mix(in srgb,var(--bad) ${heat * 6}%,transparent)}`,
  )
  .join('')}
.runs{letter-spacing:.12em;font-weight:700;white-space:normal;overflow-wrap:anywhere}
dl.pairs{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.35rem 1.25rem;font-size:.94rem}
dl.pairs dt{color:var(--muted)}
dl.pairs dd{overflow-wrap:anywhere}
`;

const failures = `
.tools{display:flex;flex-wrap:wrap;gap:.6rem .75rem;align-items:end}
.tools label{display:grid;gap:.15rem;font-size:.83rem;color:var(--muted)}
.tools select,.tools input,.tools button{background:var(--card);border:1px solid var(--line);border-radius:7px;padding:.35rem .55rem;min-height:2.2rem;max-width:100%;color:var(--ink);font-size:.92rem}
.tools select{max-width:20rem}
.tools input{min-width:13rem}
.tools button{cursor:pointer}
.tools .status{margin-inline-start:auto;color:var(--muted);font-size:.9rem;align-self:center}
html:not(.live) .tools{display:none}
.cell{border:1px solid var(--line);border-radius:9px;overflow:hidden}
.cell+.cell{margin-top:.45rem}
.cell>summary{display:grid;grid-template-columns:minmax(7rem,auto) minmax(0,1fr) max-content;gap:.2rem .9rem;align-items:baseline;padding:.55rem .85rem;cursor:pointer;list-style:none}
.cell>summary::-webkit-details-marker{display:none}
.cell>summary:hover{background:var(--sunk)}
.cell>summary .who::before{content:"";display:inline-block;width:.45em;height:.45em;margin-inline-end:.55em;border:solid var(--muted);border-width:0 1.5px 1.5px 0;transform:rotate(-45deg);transition:transform .12s}
.cell[open]>summary .who::before{transform:rotate(45deg)}
.cell[open]>summary{border-bottom:1px solid var(--line);background:var(--sunk)}
.cell .who code{font-weight:600}
.cell .why{color:var(--muted);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;min-width:0}
.cell[open] .why{white-space:normal}
.chips{min-width:0;max-width:16rem;display:inline-flex;flex-wrap:wrap;gap:.3rem}
.chip{background:var(--bad-soft);color:var(--bad);border-radius:5px;padding:0 .4rem;font-size:.83rem}
.chip.good{background:var(--good-soft);color:var(--good)}
.body{display:grid;gap:.9rem;padding:.95rem;grid-template-columns:minmax(0,1fr)}
.panes{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr));gap:.75rem}
.pane{min-width:0;border:1px solid var(--line);border-radius:8px;overflow:hidden}
.pane h4{font-size:.83rem;font-weight:600;color:var(--muted);padding:.35rem .7rem;background:var(--sunk);border-bottom:1px solid var(--line);display:flex;justify-content:space-between;gap:.5rem;flex-wrap:wrap}
.pane pre{padding:.6rem .7rem;max-height:22rem;overflow:auto}
.cut{font-weight:400;font-size:.92em}
mark{color:inherit;border-radius:3px;padding:0 1px}
mark.del{background:var(--del);text-decoration:line-through;text-decoration-color:color-mix(in srgb,var(--bad) 60%,transparent)}
mark.ins{background:var(--ins)}
.rest{color:var(--muted)}
.verdicts{display:grid;gap:.6rem}
.verdict{border-left:3px solid var(--bad);padding-left:.75rem;display:grid;gap:.2rem}
.verdict ul{display:grid;gap:.1rem;font-size:.94rem}
.verdict li::before{content:"✗ ";color:var(--bad);font-weight:700}
.verdict li.hint::before{content:"→ ";color:var(--muted)}
.meta{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem;color:var(--muted)}
details.more>summary{cursor:pointer;color:var(--accent);width:max-content;max-width:100%}
details.more>pre,details.more>div{margin-top:.5rem}
.quote{background:var(--sunk);border-radius:8px;padding:.7rem .85rem;max-height:26rem;overflow:auto}
.outcome{display:flex;gap:1rem;align-items:flex-start;border-radius:10px;padding:.9rem 1.1rem;background:var(--sunk)}
.outcome.good{background:var(--good-soft);color:var(--ink)}.outcome.bad{background:var(--bad-soft);color:var(--ink)}.outcome.warn{background:var(--warn-soft);color:var(--ink)}
.outcome .sign{font-size:1.5rem;line-height:1}
.outcome.good .sign{color:var(--good)}.outcome.bad .sign{color:var(--bad)}.outcome.warn .sign{color:var(--warn)}
.outcome b{font-size:1.1rem}
.outcome ul{display:grid;gap:.2rem;margin-top:.35rem;font-size:.94rem;max-width:85ch}
[hidden]{display:none!important}
`;

const narrow = `
@media (max-width:60rem){
.layout{grid-template-columns:minmax(0,1fr);padding:1rem 1rem 3rem;gap:1rem}
nav{position:static;max-height:none}
nav .brand{margin:0 0 .5rem}
nav ul{display:flex;gap:.25rem;overflow-x:auto;padding-bottom:.25rem}
nav a{white-space:nowrap;background:var(--card);border:1px solid var(--line)}
.theme{position:absolute;right:1rem;top:.7rem;margin:0}
section{padding:1.1rem 1rem}
.cell>summary{grid-template-columns:minmax(0,1fr) max-content}
.cell>summary .why{grid-column:1/-1;grid-row:2}
.tools label,.tools input,.tools select{flex:1 1 10rem;min-width:0;max-width:none}
dl.pairs{grid-template-columns:minmax(0,1fr);gap:0}
dl.pairs dd{margin-bottom:.5rem}
h1{font-size:1.4rem}
}
@media (max-width:30rem){.cards{grid-template-columns:repeat(2,minmax(0,1fr))}.card dd{font-size:1.25rem}}
@media (prefers-reduced-motion:reduce){*{transition:none!important;scroll-behavior:auto!important}}
`;

const print = `
@media print{
:root,:root[data-theme],:root:not([data-theme=light]){color-scheme:light;--page:#fff;--card:#fff;--sunk:#f4f5f7;--ink:#111;--muted:#444;--line:#ccc;--accent:#222;--good:#146c43;--good-soft:#e3f4ea;--bad:#a11d38;--bad-soft:#fbe7ea;--warn:#7a5000;--warn-soft:#fcf1d8;--error:#5c33a8;--idle:#3b52c4;--quiet:#aab;--ins:#cdeedb;--del:#fad2d8;--shadow:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{font-size:10.5pt}
nav,.tools,.numbers,.skip{display:none!important}
.layout{display:block;padding:0;max-width:none}
main{display:block}
section{border:0;padding:0 0 1.2rem;box-shadow:none}
.card,.score,.cell,tr,figure{break-inside:avoid}
h2,h3{break-after:avoid}
.scroll,.pane pre,.quote{overflow:visible;max-height:none}
.cell .why{white-space:normal}
thead button::after{display:none}
a[href^=http]::after{content:none}
}
`;

/** The whole style sheet, as it stands between the tags. */
export const style = [colours, base, hero, charts, tables, failures, narrow, print].join('');
