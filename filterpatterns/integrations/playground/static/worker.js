var r=null;async function i(){let{loadPyodide:e}=await import("./pyodide/pyodide.mjs"),a=new URL("./pyodide/",import.meta.url).href,s=await e({indexURL:a,packages:["msgspec"]}),t=await fetch(`${a}packages.zip`);if(!t.ok)throw new Error(`packages.zip: ${t.status}`);s.unpackArchive(await t.arrayBuffer(),"zip",{extractDir:"/lib/playground"}),r=s.runPython(`
import sys
sys.path.insert(0, "/lib/playground")
from filterpatterns.integrations.playground.evaluation import evaluate
evaluate
`)}onmessage=({data:e})=>{try{postMessage({answer:r(e)})}catch(a){postMessage({error:String(a.message??a).trim().split(`
`).at(-1)})}};i().then(()=>postMessage({ready:!0}),e=>postMessage({failed:String(e.message??e)}));
