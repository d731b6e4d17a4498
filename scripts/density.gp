# Speed-up of indexing against density, from the table of configs/sweeps/density.yaml.
set datafile separator ','
set terminal svg size 640,420 dynamic font 'sans,12' background 'white'
set output folder.'/density.svg'
set key top right
set xlabel 'synapses left (%)'
set ylabel 'speed-up over no indexing'
set logscale y 2
set grid
set xrange [0:102]
set yrange [0.9:16]

# Cycles without indexing are one row a layer and number of cores.
base(layer, n) = real(system(sprintf("awk -F, -v layer=%s -v n=%d 'NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i} NR > 1 && index($at[\"network\"], layer) && $at[\"cores\"] == n && $at[\"machine.core.indexing\"] == \"none\" {print $at[\"cycles\"]}' %s", layer, n, table)))
speed_up(layer, n) = sprintf("< awk -F, -v layer=%s -v n=%d -v base=%f 'NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i} NR > 1 && index($at[\"network\"], layer) && $at[\"cores\"] == n && $at[\"machine.core.indexing\"] == \"step\" {print 100 * $at[\"weight_density\"] \",\" base / $at[\"cycles\"]}' %s", layer, n, base(layer, n), table)

plot speed_up('fc7', 1) using 1:2 with linespoints pt 7 ps 0.5 title 'AlexNet fc7, 1 core', \
     speed_up('fc7', 4) using 1:2 with linespoints pt 6 ps 0.5 title 'AlexNet fc7, 4 cores', \
     speed_up('conv3', 1) using 1:2 with linespoints pt 5 ps 0.5 title 'AlexNet conv3, 1 core', \
     speed_up('conv3', 4) using 1:2 with linespoints pt 4 ps 0.5 title 'AlexNet conv3, 4 cores', \
     100 / x with lines dt 2 lc 'gray' title '1 / density', \
     1 with lines lc 'black' notitle
