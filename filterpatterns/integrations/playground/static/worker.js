var o=null,n=1024,s="Nested deeper than 1,024 levels: too deep for the browser.";function i(t){let e=0;for(let a=0;a<t.length;a+=1){let r=t.charCodeAt(a)|32;if(r===123){if(e+=1,e>n)return!0}else r===125&&e&&(e-=1)}return!1}async function p(){let{loadPyodide:t}=await import("./pyodide/pyodide.mjs"),e=new URL("./pyodide/",import.meta.url).href,a=await t({indexURL:e,packages:["msgspec"]}),r=await fetch(`${e}packages.zip`);if(!r.ok)throw new Error(`packages.zip: ${r.status}`);a.unpackArchive(await r.arrayBuffer(),"zip",{extractDir:"/lib/playground"}),o=a.runPython(`
import sys
sys.path.insert(0, "/lib/playground")
from filterpatterns.integrations.playground.evaluation import evaluate
evaluate
`)}onmessage=({data:t})=>{if(i(t)){postMessage({error:s});return}try{postMessage({answer:o(t)})}catch(e){let a=e instanceof RangeError||!!e.pyodide_fatal_error,r=String(e.message??e).trim().split(`
`).at(-1);postMessage({error:a?s:r,isFatal:a})}};p().then(()=>postMessage({ready:!0}),t=>postMessage({failed:String(t.message??t)}));
