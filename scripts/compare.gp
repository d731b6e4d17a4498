# Bytes of a plan over those without sharing, on 4 and 16 cores, from docs/data/compare.csv: what
# frameworks plan, where it is right (topology, a barrier after each layer), and what the instructions
# allow in the program as it is.
set datafile separator ','
set terminal svg size 960,620 dynamic font 'sans,12' background 'white'
set output output
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set yrange [0:*]
set ytics format '%.0f %%'
set xtics rotate by -40 font ',10' noenhanced
set key top right

rows(cores, liveness, barriers) = sprintf("< awk -F, -v c=%d -v l=%s -v b=%s 'NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next} $at[\"cores\"] == c && $at[\"liveness\"] == l && $at[\"barriers\"] == b && $at[\"planner\"] == \"auto\" {print $at[\"network\"] \",\" 100 * $at[\"peak\"] / $at[\"without_sharing\"]}' %s", cores, liveness, barriers, table)

set multiplot layout 2,1
do for [cores in "4 16"] {
  set title sprintf("%s cores: bytes of the bytes without sharing", cores)
  plot rows(int(cores), 'topology', 'layers') using 2:xtic(1) lc rgb '#4477aa' title 'topology, a barrier after each layer', \
    rows(int(cores), 'instruction', 'data') using 2 lc rgb '#228833' title 'instructions, barriers where data flows'
}
unset multiplot
