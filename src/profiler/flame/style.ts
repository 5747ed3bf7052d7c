import { FONT_SIZE } from './graph/draw.ts'
import { frameStyles } from './graph/palette.ts'

/** One style sheet for the still picture and for the page. Colours in pairs: light, dark. */
export function styleSheet(): string {
  return `${PICTURE}\n${frameStyles()}\n${PAGE}`
}

const SANS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif'
const MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace'

const PICTURE = `
:root{color-scheme:light dark;--paper:light-dark(#ffffff,#15181d);--ink:light-dark(#1b1f26,#e8eaee);
--muted:light-dark(#5b6472,#9aa3b0);--line:light-dark(#dde1e7,#2d333c);--raised:light-dark(#f5f6f8,#1d2127);
--accent:light-dark(#1d5fd1,#7fb0ff);--found:light-dark(#c8159b,#ff5ccf)}
:root[data-theme=light]{color-scheme:light}
:root[data-theme=dark]{color-scheme:dark}
svg text{font:${FONT_SIZE}px ${MONO};fill:light-dark(#14171c,#f1f3f6);white-space:pre}
svg tspan{unicode-bidi:isolate}
svg .location{fill-opacity:.6}
svg text.title{font:600 16px ${SANS};fill:var(--ink)}
svg text.note{font:12px ${SANS};fill:var(--muted)}
.paper{fill:var(--paper)}
.frame{cursor:pointer;outline:none}
.frame svg{pointer-events:none}
.frame.ancestor{opacity:.55}
:is(.other>rect,rect.other){fill-opacity:.35}
.other text{fill-opacity:.65}
:is(.found>rect,rect.found){fill:var(--found)}
.found text{fill:light-dark(#ffffff,#1a0414)}
:is(.frame:hover>rect,rect.frame:hover){stroke:var(--ink);stroke-width:1}
:is(.current>rect,rect.current){stroke:var(--muted);stroke-width:1}
:is(.frame:focus>rect,rect.frame:focus){stroke:var(--accent);stroke-width:2}
.rest>rect{fill:light-dark(#eceef2,#22272e)}
.rest text{fill:var(--muted);font-style:italic}
:is(.profiler-0,.profiler-1,.profiler-2,.profiler-3){stroke:var(--muted);stroke-width:1;stroke-dasharray:3 3}
`

const PAGE = `
html,body{margin:0;height:100%;background:var(--paper)}
.app,.app *{box-sizing:border-box}
.app{position:relative;display:flex;flex-direction:column;height:100vh;height:100dvh;background:var(--paper);color:var(--ink);font:13px/1.45 ${SANS}}
.app header{padding:12px 16px 8px;border-bottom:1px solid var(--line)}
.app h1{margin:0;font-size:16px;font-weight:600;overflow-wrap:anywhere}
.app .subtitle{margin:2px 0 0;color:var(--muted);overflow-wrap:anywhere}
.app .toolbar{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-top:10px}
.app button,.app input{font:inherit;color:inherit;height:28px;border:1px solid var(--line);border-radius:6px;background:var(--raised)}
.app button{padding:0 10px;cursor:pointer}
.app button:hover:not(:disabled){border-color:var(--muted)}
.app button:disabled{opacity:.45;cursor:default}
.app :is(button,input):focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.app .search{display:flex;align-items:center;gap:8px;flex:1 1 260px;max-width:460px;min-width:0}
.app input{flex:1 1 auto;min-width:0;padding:0 10px;background:var(--paper);font-family:${MONO};font-size:12px}
.app input[aria-invalid=true]{border-color:light-dark(#c4262e,#ff7b82)}
.app .matched{flex:0 0 auto;white-space:nowrap;color:var(--found);font-variant-numeric:tabular-nums;font-weight:600}
.app .matched:empty{display:none}
.app .choice{display:inline-flex}
.app .choice button{border-radius:0;margin-left:-1px}
.app .choice .name{align-self:center;margin-right:6px;color:var(--muted)}
.app .choice button:first-of-type{border-radius:6px 0 0 6px;margin-left:0}
.app .choice button:last-child{border-radius:0 6px 6px 0}
.app .choice button[aria-pressed=true]{background:light-dark(#dfe8f8,#2b3a52);border-color:light-dark(#a9c1ea,#47628d);position:relative;font-weight:600}
.app .spring{flex:1 1 0}
.app .stage{flex:1 1 0;min-height:80px;display:flex;flex-direction:column;overflow:hidden auto;scrollbar-gutter:stable;padding:10px 8px 10px 16px}
.app .stage.flame>svg{margin-top:auto}
.app .stage>svg{display:block;flex:none;width:100%}
.app .empty{margin:auto;color:var(--muted);font-size:15px}
.app footer{border-top:1px solid var(--line);background:var(--raised);padding:8px 16px}
.app .details{height:60px;overflow:hidden auto}
.app .details .name{font:600 13px/1.45 ${MONO};overflow-wrap:anywhere}
.app .details .location{margin-left:10px;color:var(--muted);font:12px ${MONO};overflow-wrap:anywhere}
.app .facts{display:flex;flex-wrap:wrap;gap:0 18px;margin:2px 0 0;padding:0;list-style:none;font-variant-numeric:tabular-nums}
.app .below{display:flex;flex-wrap:wrap;gap:4px 16px;margin-top:6px;padding-top:6px;border-top:1px solid var(--line);color:var(--muted);font-size:12px}
.app .legend{display:flex;flex-wrap:wrap;gap:2px 14px;margin:0;padding:0;list-style:none}
.app .swatch{display:inline-block;width:11px;height:11px;margin-right:5px;border-radius:2px;vertical-align:-1px}
.app .drawn{margin-left:auto}
.app .help{position:absolute;right:16px;top:16px;z-index:1;max-width:calc(100% - 32px);max-height:calc(100% - 32px);overflow:auto;padding:14px 18px;border:1px solid var(--line);border-radius:8px;background:var(--paper);box-shadow:0 8px 30px rgb(0 0 0/.25)}
.app .help[hidden]{display:none}
.app .help h2{margin:0 0 8px;font-size:14px}
.app .help dl{display:grid;grid-template-columns:auto 1fr;gap:4px 16px;margin:0}
.app .help dt{font:12px/1.6 ${MONO}}
.app .help dd{margin:0;color:var(--muted)}
@media (max-width:640px){.app header{padding:8px 10px}.app .stage{padding:8px 2px 8px 8px}.app footer{padding:6px 10px}.app .details{height:76px}.app .search{flex-basis:100%;max-width:none}.app .spring{display:none}.app .drawn{margin-left:0}}
@media print{.app{height:auto}.app .toolbar,.app .details{display:none}.app .stage{overflow:visible}}
`
