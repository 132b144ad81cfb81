import { useEffect, useState } from 'preact/hooks';

/** Whether `holds` has held for so many ms without a break. */
export function useLasting(holds: boolean, ms: number): boolean {
  const [lasted, setLasted] = useState(false);
  useEffect(() => {
    setLasted(false);
    if (!holds) return;
    const timer = setTimeout(() => setLasted(true), ms);
    return () => clearTimeout(timer);
  }, [holds, ms]);
  return holds && lasted;
}
